// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "page_data.h"

int page_data_init(struct page_data *d, const struct stream *s)
{
	memset(d, 0, sizeof(*d));
	d->hole.fd = s->fd;
	d->hole.size = s->file_size;
	d->page = aligned_alloc(XT_PAGE_SIZE,
				(size_t)PAGES_PER_RECORD * XT_PAGE_SIZE);
	return d->page ? 0 : -1;
}

void page_data_free(struct page_data *d)
{
	free(d->page);
	memset(d, 0, sizeof(*d));
}

static const uint8_t *page_at(const struct page_data *d, uint32_t i)
{
	return d->page + (size_t)i * XT_PAGE_SIZE;
}

static int read_part(struct page_data *d, struct stream *s, uint32_t first,
		     uint32_t nr, uint64_t offset)
{
	uint32_t i;

	if (stream_read(s, offset, d->page + (size_t)first * XT_PAGE_SIZE,
			(size_t)nr * XT_PAGE_SIZE, "page data"))
		return -1;
	for (i = first; i < first + nr; i++) {
		d->is_zero[i] = page_is_zero(page_at(d, i));
		d->is_hole[i] = false;
		d->nr_zero += d->is_zero[i];
	}
	return 0;
}

static void skip_part(struct page_data *d, uint32_t first, uint32_t nr)
{
	memset(d->is_zero + first, true, nr);
	memset(d->is_hole + first, true, nr);
	d->nr_zero += nr;
}

int page_data_read(struct page_data *d, struct stream *s, uint32_t first,
		   uint32_t nr, uint64_t offset)
{
	uint32_t part;

	for (; nr; nr -= part, first += part) {
		hole_seek(&d->hole, offset);
		part = hole_pages_within(&d->hole, offset, nr);
		if (part) {
			skip_part(d, first, part);
		} else {
			part = hole_pages_before(&d->hole, offset, nr);
			/* The hole starts or ends within this page. */
			if (!part)
				part = 1;
			if (read_part(d, s, first, part, offset))
				return -1;
		}
		offset += (uint64_t)part * XT_PAGE_SIZE;
	}
	return 0;
}

uint32_t page_data_sum(const struct page_data *d, uint32_t i)
{
	if (d->is_zero[i])
		return thaw_zero_page_sum();
	return thaw_sum(0, page_at(d, i), XT_PAGE_SIZE);
}
