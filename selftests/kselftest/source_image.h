/* SPDX-License-Identifier: GPL-2.0 */
/* A file, or block device, with contents that are known byte by byte. */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct image - a file that fills are read from
 * @fd: open for reading and writing
 * @size: bytes in it
 * @data: the contents from @data_at on
 * @data_at: offset in the file
 * @data_size: bytes in @data; around them the file is a hole
 * @direct: fills read it with XEN_THAW_FILL_DIRECT; not set by image_create()
 */
struct image {
	int fd;
	uint64_t size;
	unsigned char *data;
	uint64_t data_at;
	size_t data_size;
	bool direct;
};

/*
 * Makes an image whose bytes do not repeat: in memory if @where is NULL, as an
 * unlinked file in the directory @where, or on the block device @where, which
 * is overwritten. image_free() is due in each case.
 *
 * Return: 0, or -1 after an error, which it prints.
 */
int image_create(struct image *img, const char *where, size_t size);

/* The same, with a hole of @hole bytes before the data and one behind. */
int image_create_sparse(struct image *img, const char *where, uint64_t hole, size_t size);

void image_free(struct image *img);

/*
 * Makes a hole, rounded by the caller to the filesystem's blocks; on a block
 * device at least zeros.
 */
int image_punch(struct image *img, uint64_t offset, size_t len);

/* Puts the image on its disk and out of the page cache. Return: 0 or -1. */
int image_drop_cache(struct image *img);

/* Has the page cache hold @nr of each @of pages. Return: 0 or -1. */
int image_cache_some(struct image *img, unsigned int nr, unsigned int of);

/* What the file holds there. */
void image_bytes(const struct image *img, uint64_t offset, void *to, size_t len);

#endif /* IMAGE_H */
