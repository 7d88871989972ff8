/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages of zeros: in memory, and in a sparse file, whose holes are found one after
 * the other with SEEK_HOLE.
 */
#ifndef XEN_THAW_PAGES_H
#define XEN_THAW_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * bytes_are_zero() - whether bytes are all zero
 * @buf: the bytes
 * @size: of @buf
 */
bool bytes_are_zero(const void *buf, size_t size);

/**
 * page_is_zero() - whether a page is zeros
 * @page: XT_PAGE_SIZE bytes
 */
bool page_is_zero(const uint8_t *page);

/**
 * struct hole - the first hole in a file that ends behind an offset
 * @fd: the file; its offset moves
 * @size: of the file
 * @start: of the hole; UINT64_MAX if there is none
 * @end: of the hole
 *
 * All but @fd and @size are zero before the first call of hole_seek().
 */
struct hole {
	int fd;
	uint64_t size;
	uint64_t start;
	uint64_t end;
};

/**
 * hole_seek() - go on to the first hole that ends behind an offset
 * @h: the last hole
 * @offset: not below that of the last call, or holes are missed
 *
 * On a filesystem without SEEK_HOLE the file has no holes.
 */
void hole_seek(struct hole *h, uint64_t offset);

/**
 * hole_pages_before() - pages of a run that end before the hole starts
 * @h: as hole_seek() found it for @offset
 * @offset: of the run in the file
 * @nr: pages of the run
 */
uint32_t hole_pages_before(const struct hole *h, uint64_t offset, uint32_t nr);

/**
 * hole_pages_within() - pages at the start of a run that lie in the hole
 * @h: as hole_seek() found it for @offset
 * @offset: of the run in the file
 * @nr: pages of the run
 *
 * Only whole pages count.
 */
uint32_t hole_pages_within(const struct hole *h, uint64_t offset, uint32_t nr);

#endif /* XEN_THAW_PAGES_H */
