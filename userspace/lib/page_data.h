/* SPDX-License-Identifier: GPL-2.0 */
/* The contents of pages, read from a save file; its holes are not read. */
#ifndef XEN_THAW_PAGE_DATA_H
#define XEN_THAW_PAGE_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "pages.h"
#include "stream.h"

/**
 * struct page_data - contents of the pages of a PAGE_DATA record
 * @hole: of the file
 * @page: contents, one page after the other; not set for pages with @is_zero
 * @is_zero: for each page: it is zero
 * @is_hole: for each page: it is zero because the file has a hole there
 * @nr_zero: pages that are zero, of all records so far
 */
struct page_data {
	struct hole hole;
	uint8_t *page;
	bool is_zero[PAGES_PER_RECORD];
	bool is_hole[PAGES_PER_RECORD];
	uint64_t nr_zero;
};

/**
 * page_data_init() - get ready for reading
 * @d: filled in; page_data_free() is due also after a failure
 * @s: the file; its offset moves
 *
 * Return: 0, or -1 without memory.
 */
int page_data_init(struct page_data *d, const struct stream *s);

/**
 * page_data_free() - release the buffer
 * @d: initialised, or all zero
 */
void page_data_free(struct page_data *d);

/**
 * page_data_read() - read pages that lie one after the other
 * @d: where to
 * @s: the file
 * @first: of the pages in @d; @first + @nr is at most PAGES_PER_RECORD
 * @nr: pages
 * @offset: of the first one in the file
 *
 * Return: 0, or -1 with @s->error set.
 */
int page_data_read(struct page_data *d, struct stream *s, uint32_t first,
		   uint32_t nr, uint64_t offset);

/**
 * page_data_sum() - the checksum of a page
 * @d: the pages
 * @i: index of the page
 */
uint32_t page_data_sum(const struct page_data *d, uint32_t i);

#endif /* XEN_THAW_PAGE_DATA_H */
