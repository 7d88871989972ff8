/* SPDX-License-Identifier: GPL-2.0 */
/* A file or block device whose contents are known byte by byte. */
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
 * @data_at: offset of @data in the file
 * @data_size: bytes in @data; the file is a hole before and after them
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
 * is overwritten. The caller calls image_free() in each case.
 *
 * Return: 0, or -1 after an error, which it prints.
 */
int image_create(struct image *img, const char *where, size_t size);

/* The same, with a hole of @hole bytes before the data and another one after it. */
int image_create_sparse(struct image *img, const char *where, uint64_t hole, size_t size);

void image_free(struct image *img);

/*
 * Makes a hole, which the caller has rounded to the filesystem's blocks. If a block
 * device cannot make holes, it writes zeros.
 */
int image_punch(struct image *img, uint64_t offset, size_t len);

/* Writes the image to its disk, and drops it from the page cache. Return: 0 or -1. */
int image_drop_cache(struct image *img);

/* Reads @nr of each @of pages into the page cache. Return: 0 or -1. */
int image_cache_some(struct image *img, unsigned int nr, unsigned int of);

/* Returns the expected contents of the file from an offset on. */
void image_bytes(const struct image *img, uint64_t offset, void *to, size_t len);

#endif /* IMAGE_H */
