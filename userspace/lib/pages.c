// SPDX-License-Identifier: GPL-2.0
#include <unistd.h>

#include <isa-l/mem_routines.h>

#include "pages.h"
#include "stream.h"

bool bytes_are_zero(const void *buf, size_t size)
{
	/* The library does not write there. */
	return !isal_zero_detect((void *)buf, size);
}

bool page_is_zero(const uint8_t *page)
{
	return bytes_are_zero(page, XT_PAGE_SIZE);
}

static void hole_none(struct hole *h)
{
	h->start = UINT64_MAX;
	h->end = UINT64_MAX;
}

void hole_seek(struct hole *h, uint64_t offset)
{
	off_t pos;

	if (h->end > offset)
		return;
	pos = lseek(h->fd, (off_t)offset, SEEK_HOLE);
	if (pos < 0 || (uint64_t)pos >= h->size) {
		hole_none(h);
		return;
	}
	h->start = (uint64_t)pos;
	pos = lseek(h->fd, pos, SEEK_DATA);
	h->end = pos < 0 ? h->size : (uint64_t)pos;
	if (h->end <= offset)
		hole_none(h);
}

static uint32_t at_most(uint64_t pages, uint32_t nr)
{
	return pages < nr ? (uint32_t)pages : nr;
}

uint32_t hole_pages_before(const struct hole *h, uint64_t offset, uint32_t nr)
{
	if (h->start <= offset)
		return 0;
	return at_most((h->start - offset) / XT_PAGE_SIZE, nr);
}

uint32_t hole_pages_within(const struct hole *h, uint64_t offset, uint32_t nr)
{
	if (h->start > offset)
		return 0;
	return at_most((h->end - offset) / XT_PAGE_SIZE, nr);
}
