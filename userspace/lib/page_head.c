// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <endian.h>
#include <string.h>

#include "page_head.h"

#define PAGE_DATA_HEADER 16U	/* of the record and of its list */

static_assert(RECORD_HEADER_SIZE + sizeof(struct thaw_page_sums) + 7 +
	      (XT_PAGE_SIZE - 1) + PAGE_DATA_HEADER <= PAGE_HEAD_MAX(0),
	      "the part that does not grow with the entries");

static uint32_t list_size(const struct page_head *h)
{
	return PAGE_DATA_HEADER + 8 * h->nr;
}

/*
 * Length of the record in front of PAGE_DATA, without its header. If there are
 * neither sums nor data, there is no such record.
 */
static uint32_t front_length(const struct page_head *h)
{
	uint32_t length = 0;

	if (h->sums)
		length = sizeof(struct thaw_page_sums) + 4 * h->nr_data;
	length = (length + 7) & ~7U;
	if (h->nr_data)
		length += -(h->pos + RECORD_HEADER_SIZE + length + list_size(h)) %
			  XT_PAGE_SIZE;
	return length;
}

static uint32_t front_size(const struct page_head *h)
{
	return h->sums || h->nr_data ? RECORD_HEADER_SIZE + front_length(h) : 0;
}

size_t page_head_size(const struct page_head *h)
{
	return (size_t)front_size(h) + list_size(h);
}

static uint8_t *put32(uint8_t *to, uint32_t value)
{
	value = htole32(value);
	return (uint8_t *)memcpy(to, &value, sizeof(value)) + sizeof(value);
}

static uint8_t *put64(uint8_t *to, uint64_t value)
{
	value = htole64(value);
	return (uint8_t *)memcpy(to, &value, sizeof(value)) + sizeof(value);
}

static void put_front(const struct page_head *h, uint8_t *to)
{
	uint8_t *end = to + front_size(h);
	uint32_t i;

	to = put32(to, h->sums ? REC_THAW_PAGE_SUMS : REC_THAW_PADDING);
	to = put32(to, front_length(h));
	if (h->sums) {
		to = put32(to, 0);
		to = put32(to, h->nr_data);
		for (i = 0; i < h->nr_data; i++)
			to = put32(to, h->sums[i]);
	}
	memset(to, 0, (size_t)(end - to));
}

void page_head_put(const struct page_head *h, uint8_t *to)
{
	uint8_t *list = to + front_size(h);
	uint32_t i;

	if (list != to)
		put_front(h, to);
	list = put32(list, REC_PAGE_DATA);
	list = put32(list, list_size(h) - RECORD_HEADER_SIZE +
			   h->nr_data * XT_PAGE_SIZE);
	list = put32(list, h->nr);
	list = put32(list, 0);
	for (i = 0; i < h->nr; i++)
		list = put64(list, h->entry[i]);
	if (h->sums)
		put32(to + RECORD_HEADER_SIZE, thaw_sum(0, to, page_head_size(h)));
}
