/* SPDX-License-Identifier: GPL-2.0 */
/* The image that clones are made of: looked at once, for all of them. */
#ifndef XEN_THAW_CLONE_IMAGE_H
#define XEN_THAW_CLONE_IMAGE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "env.h"
#include "plan.h"
#include "savefile.h"

/**
 * struct clone_image - an image
 * @path: absolute
 * @st: its state before anything was read
 * @libxl: offset of the libxl stream
 * @config: libxl's JSON
 * @plan_fd: of the plan for the helpers; -1: each helper makes its own
 * @pages: of a guest; 0 without a plan
 * @size: bytes in the file
 * @warm: of each of its pages, whether it was in the page cache; NULL: nothing is dropped
 */
struct clone_image {
	char *path;
	struct stat st;
	uint64_t libxl;
	char *config;
	int plan_fd;
	uint64_t pages;
	uint64_t size;
	unsigned char *warm;
};

/**
 * clone_image_open() - read all of an image but its pages
 * @image: filled in; clone_image_free() is due also after a failure
 * @path: of the image
 * @config_file: a configuration for xl instead of the one in the image, or NULL
 * @verify: check the file first
 * @cache: what is to stay of it in the page cache
 *
 * Return: 0, or -1 after a message.
 */
int clone_image_open(struct clone_image *image, const char *path,
		     const char *config_file, bool verify, enum cache_mode cache);

/**
 * clone_image_file() - open the image for one restore
 * @image: opened
 *
 * Return: a descriptor with an offset of its own, at the libxl stream; or -1 after a
 * message.
 */
int clone_image_file(const struct clone_image *image);

/**
 * clone_image_drop() - take out of the page cache what was not there before
 * @image: all restores are done
 */
void clone_image_drop(const struct clone_image *image);

void clone_image_free(struct clone_image *image);

#endif /* XEN_THAW_CLONE_IMAGE_H */
