// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "page_head.h"
#include "pages.h"
#include "save_parts.h"

#define LIST_HEADER	8U	/* of the list of PAGE_DATA */

static unsigned int type_of(uint64_t entry)
{
	return (unsigned int)(entry >> PFN_TYPE_SHIFT);
}

static int grow_list(struct saver *s, uint32_t nr)
{
	if (nr <= s->cap)
		return 0;
	save_pages_free(s);
	s->entry = calloc(nr, sizeof(*s->entry));
	s->sum = calloc(nr, sizeof(*s->sum));
	s->head = malloc(PAGE_HEAD_MAX(nr));
	s->come = s->once ? calloc(nr, sizeof(*s->come)) : NULL;
	s->place = s->once ? calloc(nr, sizeof(*s->place)) : NULL;
	s->cap = nr;
	if (!s->entry || !s->sum || !s->head || (s->once && (!s->come || !s->place)))
		return save_fail(s, "no memory for %u pfns", nr);
	return 0;
}

void save_pages_free(struct saver *s)
{
	free(s->entry);
	free(s->sum);
	free(s->head);
	free(s->come);
	free(s->place);
	s->cap = 0;
}

/* Return: whether the record in the making gets the entry, or -1. */
static int wants(struct saver *s, uint64_t entry)
{
	const bool has_data = stream_type_has_data(type_of(entry));
	uint64_t place;

	if (!s->once)
		return 1;
	place = places_find(&s->again.places, entry & PFN_MASK);
	if (has_data) {
		s->come[s->nr_come] = entry;
		s->place[s->nr_come] = place;
	}
	if (!place)
		return 1;
	/* In HVM guests the page keeps its contents, and there are no types. */
	return s->hvm ? 0 : again_entry(&s->again, entry);
}

/*
 * Entries for pages that an HVM guest does not have do nothing, and are left out:
 * a PVH guest has a million of them.
 */
static int sort_entries(struct saver *s, uint32_t count)
{
	unsigned int type;
	uint64_t entry;
	uint32_t i;
	int keep;

	s->nr = 0;
	s->nr_data = 0;
	s->nr_come = 0;
	for (i = 0; i < count; i++) {
		entry = le64toh(s->entry[i]);
		type = type_of(entry);
		if (!stream_type_is_known(type))
			return save_fail(s, "unknown page type %#x", type);
		if (s->hvm && (type == PFN_XTAB || type == PFN_BROKEN))
			continue;
		keep = wants(s, entry);
		if (keep < 0)
			return -1;
		s->nr_come += stream_type_has_data(type);
		if (!keep)
			continue;
		s->nr_data += stream_type_has_data(type);
		s->entry[s->nr++] = entry;
	}
	return 0;
}

static int take_list(struct saver *s, uint32_t length)
{
	struct {
		uint32_t count;
		uint32_t reserved;
	} h;
	uint64_t size;

	if (length < LIST_HEADER)
		return save_fail(s, "PAGE_DATA of %u bytes", length);
	if (save_take(s, &h, LIST_HEADER, "PAGE_DATA header"))
		return -1;
	h.count = le32toh(h.count);
	size = LIST_HEADER + UINT64_C(8) * h.count;
	if (!h.count || size > length)
		return save_fail(s, "PAGE_DATA of %u bytes for %u pfns", length,
				 h.count);
	if (grow_list(s, h.count) ||
	    save_take(s, s->entry, 8 * (size_t)h.count, "pfn list") ||
	    sort_entries(s, h.count))
		return -1;
	size += (uint64_t)s->nr_come * XT_PAGE_SIZE;
	if (size != length)
		return save_fail(s, "PAGE_DATA of %u bytes, its pages take %" PRIu64,
				 length, size);
	return 0;
}

/* Zero pages are left out: the file has a hole there. */
static int save_run(struct saver *s, uint64_t to, const uint8_t *page, uint32_t first,
		    uint32_t nr)
{
	const uint8_t *end = page + (size_t)nr * XT_PAGE_SIZE;
	uint32_t *sum = s->sum + first;
	size_t size = 0;

	for (; page < end; page += XT_PAGE_SIZE, sum++) {
		if (!page_is_zero(page)) {
			*sum = thaw_sum(0, page, XT_PAGE_SIZE);
			size += XT_PAGE_SIZE;
			continue;
		}
		*sum = thaw_zero_page_sum();
		s->job->nr_zero++;
		if (size && writer_write(s->out, to, page - size, size))
			return -1;
		to += size + XT_PAGE_SIZE;
		size = 0;
	}
	return size ? writer_write(s->out, to, page - size, size) : 0;
}

/* Pages from @from on that belong into the record in the making, up to @end. */
static uint32_t new_pages(const struct saver *s, uint32_t from, uint32_t end)
{
	uint32_t i = from;

	if (!s->once)
		return end - from;
	while (i < end && !s->place[i])
		i++;
	return i - from;
}

/* @done: pages of the record in the making that are written; updated */
static int save_chunk(struct saver *s, uint64_t to, uint32_t from, uint32_t end,
		      uint32_t *done)
{
	const uint8_t *page = s->page;
	uint32_t nr;

	for (; from < end; from += nr, page += (size_t)nr * XT_PAGE_SIZE) {
		nr = new_pages(s, from, end);
		if (nr) {
			if (save_run(s, to + (uint64_t)*done * XT_PAGE_SIZE, page, *done,
				     nr))
				return -1;
			*done += nr;
			continue;
		}
		nr = 1;
		if (again_page(&s->again, s->place[from], s->come[from], page,
			       &s->job->nr_zero))
			return -1;
	}
	return 0;
}

static int save_data(struct saver *s, uint64_t to)
{
	uint32_t at, nr, done = 0;

	for (at = 0; at < s->nr_come; at += nr) {
		nr = s->nr_come - at;
		if (nr > CHUNK)
			nr = CHUNK;
		if (save_take(s, s->page, (size_t)nr * XT_PAGE_SIZE, "page") ||
		    save_chunk(s, to, at, at + nr, &done))
			return -1;
	}
	return again_end_record(&s->again);
}

int save_hold_place(struct saver *s, uint64_t size)
{
	struct record_header h = {
		.type = htole32(REC_THAW_PADDING),
		.length = htole32((uint32_t)(size - sizeof(h))),
	};

	return writer_write(s->out, s->out->pos, &h, sizeof(h));
}

/* The head precedes the data, and has its sums: it is written last. */
static int save_made(struct saver *s)
{
	struct page_head head = {
		.pos = s->out->pos,
		.entry = s->entry,
		.sums = s->sum,
		.nr = s->nr,
		.nr_data = s->nr_data,
	};
	size_t size = page_head_size(&head), data = (size_t)s->nr_data * XT_PAGE_SIZE;

	if (!s->job->nr_records)
		writer_end_span(s->out, &s->index.index.spans[1]);
	if (save_hold_place(s, size + data) || save_data(s, s->out->pos + size))
		return -1;

	page_head_put(&head, s->head);
	if (writer_write(s->out, s->out->pos, s->head, size) ||
	    (s->once && s->nr_data && again_record(&s->again, &head, s->out->pos + size)))
		return -1;
	s->out->pos += size + data;
	writer_begin_span(s->out);
	s->job->nr_records++;
	s->job->nr_pages += s->nr_data;
	return writer_flush_behind(s->out, s->out->pos);
}

int save_pages(struct saver *s, uint32_t length)
{
	if (take_list(s, length))
		return -1;
	if (s->nr)
		return save_made(s);
	return s->nr_come ? save_data(s, 0) : 0;
}

static int save_types(struct saver *s, const uint64_t *entry, size_t nr)
{
	size_t part;

	s->nr_data = 0;
	s->nr_come = 0;
	for (; nr; nr -= part, entry += part) {
		part = nr < PAGES_PER_RECORD ? nr : PAGES_PER_RECORD;
		if (grow_list(s, (uint32_t)part))
			return -1;
		s->nr = (uint32_t)part;
		memcpy(s->entry, entry, part * sizeof(*entry));
		if (save_made(s))
			return -1;
	}
	return 0;
}

int save_pages_end(struct saver *s)
{
	uint64_t *entry = NULL;
	size_t nr = 0;
	int ret;

	if (!s->once || !s->job->nr_records)
		return 0;
	ret = again_settle_types(&s->again, &entry, &nr);
	if (!ret)
		ret = save_types(s, entry, nr);
	free(entry);
	s->job->nr_again = s->again.nr_pages;
	again_free(&s->again);
	s->once = false;
	return ret;
}
