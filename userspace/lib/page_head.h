/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What precedes the data of pages in a packed file: first PAGE_SUMS or PADDING,
 * which is so long that the data is aligned to pages of the file, then header and
 * list of PAGE_DATA.
 */
#ifndef XEN_THAW_PAGE_HEAD_H
#define XEN_THAW_PAGE_HEAD_H

#include <stddef.h>
#include <stdint.h>

#include "format.h"
#include "stream.h"

/* The most bytes that the head of a record of @nr entries takes. */
#define PAGE_HEAD_MAX(nr)	(2 * XT_PAGE_SIZE + (size_t)12 * (nr))

/**
 * struct page_head - of a PAGE_DATA record
 * @pos: offset of the head in the file, a multiple of 8
 * @entry: of the record, in the byte order of this machine
 * @sums: of each page of data; NULL for a file without sums
 * @nr: members of @entry
 * @nr_data: how many of them have data
 */
struct page_head {
	uint64_t pos;
	const uint64_t *entry;
	const uint32_t *sums;
	uint32_t nr;
	uint32_t nr_data;
};

/**
 * page_head_size() - bytes of a head
 * @h: the values in @sums do not matter, only whether it is NULL
 */
size_t page_head_size(const struct page_head *h);

/**
 * page_head_put() - lay a head out
 * @h: the head
 * @to: room for page_head_size() bytes
 */
void page_head_put(const struct page_head *h, uint8_t *to);

#endif /* XEN_THAW_PAGE_HEAD_H */
