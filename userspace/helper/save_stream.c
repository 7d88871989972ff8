// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format.h"
#include "page_head.h"
#include "pages.h"
#include "save_stream.h"

/* Pages read at once: few, so that they are in the processor's cache. */
#ifndef CHUNK
#define CHUNK		256U
#endif
#define CHUNK_SIZE	((size_t)CHUNK * XT_PAGE_SIZE)

#define LIST_HEADER	8U	/* of the list of PAGE_DATA */

struct record_header {
	uint32_t type;
	uint32_t length;
};

/**
 * struct saver - a stream being written
 * @job: what to do
 * @out: the file, of @job
 * @index: of the file
 * @index_offset: of @index in the file
 * @taken: bytes of the stream so far
 * @hvm: an HVM or PVH guest
 * @nr: entries of the PAGE_DATA record in the making
 * @nr_data: of them, those with data
 * @cap: entries that there is room for
 * @entry: entries, in the byte order of this machine
 * @sum: of each page of data
 * @head: room for what precedes the data
 * @page: room for CHUNK pages
 * @check: to look at the stream's headers
 */
struct saver {
	struct save_job *job;
	struct writer *out;
	struct thaw_index_record index;
	uint64_t index_offset;
	uint64_t taken;
	bool hvm;
	uint32_t nr;
	uint32_t nr_data;
	uint32_t cap;
	uint64_t *entry;
	uint32_t *sum;
	uint8_t *head;
	uint8_t *page;
	struct stream check;
};

__attribute__((format(printf, 2, 3)))
static int fail(struct saver *s, const char *fmt, ...)
{
	char cause[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cause, sizeof(cause), fmt, ap);
	va_end(ap);
	snprintf(s->job->error, sizeof(s->job->error),
		 "byte %" PRIu64 " of the stream to be saved: %s", s->taken,
		 cause);
	return -1;
}

/* Return: bytes, fewer than @size only at the end of the stream; or -1. */
static ssize_t take_some(struct saver *s, void *buf, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = read(s->job->in_fd, (char *)buf + done, size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(s, "cannot read: %s", strerror(errno));
		if (!n)
			break;
		done += (size_t)n;
		s->taken += (size_t)n;
	}
	return (ssize_t)done;
}

static int take(struct saver *s, void *buf, size_t size, const char *what)
{
	ssize_t n = take_some(s, buf, size);

	if (n == (ssize_t)size)
		return 0;
	if (n >= 0) {
		s->job->truncated = true;
		fail(s, "it ends before the END record, in a %s", what);
	}
	return -1;
}

/* The part before the index: what is in the file, and the stream's headers. */
static int save_head(struct saver *s, const uint8_t *headers)
{
	size_t size;

	writer_begin_span(s->out);
	while (s->out->pos < s->job->start) {
		size = CHUNK_SIZE;
		if (size > s->job->start - s->out->pos)
			size = s->job->start - s->out->pos;
		if (stream_read(&s->check, s->out->pos, s->page, size, "header"))
			return fail(s, "%s", s->check.error);
		s->out->pos += size;
		s->out->span.size += size;
		s->out->span.sum = thaw_sum(s->out->span.sum, s->page, size);
	}
	if (writer_append(s->out, headers, STREAM_HEADERS_SIZE))
		return -1;
	writer_end_span(s->out, &s->index.index.spans[0]);
	return 0;
}

/* Writes a stream as it comes if its kind is not known. */
static int save_plainly(struct saver *s)
{
	ssize_t n;

	s->job->plain = true;
	do {
		n = take_some(s, s->page, CHUNK_SIZE);
		if (n < 0 || writer_append(s->out, s->page, (size_t)n) ||
		    writer_flush_behind(s->out, s->out->pos))
			return -1;
	} while (n);
	return 0;
}

static int grow_list(struct saver *s, uint32_t nr)
{
	if (nr <= s->cap)
		return 0;
	free(s->entry);
	free(s->sum);
	free(s->head);
	s->entry = calloc(nr, sizeof(*s->entry));
	s->sum = calloc(nr, sizeof(*s->sum));
	s->head = malloc(PAGE_HEAD_MAX(nr));
	s->cap = nr;
	if (!s->entry || !s->sum || !s->head)
		return fail(s, "no memory for %u pfns", nr);
	return 0;
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

	s->nr = 0;
	s->nr_data = 0;
	for (i = 0; i < count; i++) {
		entry = le64toh(s->entry[i]);
		type = (unsigned int)(entry >> PFN_TYPE_SHIFT);
		if (!stream_type_is_known(type))
			return fail(s, "unknown page type %#x", type);
		s->nr_data += stream_type_has_data(type);
		if (s->hvm && (type == PFN_XTAB || type == PFN_BROKEN))
			continue;
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
		return fail(s, "PAGE_DATA of %u bytes", length);
	if (take(s, &h, LIST_HEADER, "PAGE_DATA header"))
		return -1;
	h.count = le32toh(h.count);
	size = LIST_HEADER + UINT64_C(8) * h.count;
	if (!h.count || size > length)
		return fail(s, "PAGE_DATA of %u bytes for %u pfns", length,
			    h.count);
	if (grow_list(s, h.count) ||
	    take(s, s->entry, 8 * (size_t)h.count, "pfn list") ||
	    sort_entries(s, h.count))
		return -1;
	size += (uint64_t)s->nr_data * XT_PAGE_SIZE;
	if (size != length)
		return fail(s, "PAGE_DATA of %u bytes, its pages take %" PRIu64,
			    length, size);
	return 0;
}

/* Zero pages are left out: the file has a hole there. */
static int save_chunk(struct saver *s, uint64_t to, uint32_t first, uint32_t nr)
{
	uint8_t *page = s->page, *end = page + (size_t)nr * XT_PAGE_SIZE;
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

static int save_data(struct saver *s, uint64_t to)
{
	uint32_t done, nr;

	for (done = 0; done < s->nr_data; done += nr) {
		nr = s->nr_data - done;
		if (nr > CHUNK)
			nr = CHUNK;
		if (take(s, s->page, (size_t)nr * XT_PAGE_SIZE, "page") ||
		    save_chunk(s, to, done, nr))
			return -1;
		to += (uint64_t)nr * XT_PAGE_SIZE;
	}
	return 0;
}

/*
 * Padding in place of what is written last. Zeros there would look like an END
 * record, and so a failed save like a whole file.
 */
static int hold_place(struct saver *s, uint64_t size)
{
	struct record_header h = {
		.type = htole32(REC_THAW_PADDING),
		.length = htole32((uint32_t)(size - sizeof(h))),
	};

	return writer_write(s->out, s->out->pos, &h, sizeof(h));
}

/* The head precedes the data, and has its sums: it is written last. */
static int save_pages(struct saver *s, uint32_t length)
{
	struct page_head head = { .pos = s->out->pos };
	size_t size, data;

	if (take_list(s, length))
		return -1;
	if (!s->nr)
		return 0;
	if (!s->job->nr_records)
		writer_end_span(s->out, &s->index.index.spans[1]);
	head.entry = s->entry;
	head.sums = s->sum;
	head.nr = s->nr;
	head.nr_data = s->nr_data;
	size = page_head_size(&head);
	data = (size_t)s->nr_data * XT_PAGE_SIZE;
	if (hold_place(s, size + data) || save_data(s, s->out->pos + size))
		return -1;

	page_head_put(&head, s->head);
	if (writer_write(s->out, s->out->pos, s->head, size))
		return -1;
	s->out->pos += size + data;
	writer_begin_span(s->out);
	s->job->nr_records++;
	s->job->nr_pages += s->nr_data;
	return writer_flush_behind(s->out, s->out->pos);
}

static int save_record(struct saver *s, const struct record_header *h)
{
	uint32_t left = (le32toh(h->length) + 7) & ~7U, size;

	if (h->type == htole32(REC_END)) {
		if (left)
			return fail(s, "END of %u bytes", left);
		s->index.index.end = htole64(s->out->pos);
	}
	if (writer_append(s->out, h, sizeof(*h)))
		return -1;
	for (; left; left -= size) {
		size = left < CHUNK_SIZE ? left : CHUNK_SIZE;
		if (take(s, s->page, size, "record") ||
		    writer_append(s->out, s->page, size))
			return -1;
	}
	return 0;
}

static int save_records(struct saver *s)
{
	struct record_header h;
	uint32_t length;
	int ret;

	do {
		if (take(s, &h, sizeof(h), "record header"))
			return -1;
		length = le32toh(h.length);
		if (length > REC_LENGTH_MAX)
			return fail(s, "record %s of %u bytes, the limit is %u",
				    record_name(le32toh(h.type)), length,
				    REC_LENGTH_MAX);
		if (h.type == htole32(REC_PAGE_DATA))
			ret = save_pages(s, length);
		else
			ret = save_record(s, &h);
	} while (!ret && h.type != htole32(REC_END));
	return ret;
}

static int save_index(struct saver *s)
{
	struct thaw_index *index = &s->index.index;

	/* libxl writes the rest of the file: it has no sum, and no size here. */
	if (!s->job->nr_records) {
		writer_end_span(s->out, &index->spans[1]);
		writer_begin_span(s->out);
	}
	writer_end_span(s->out, &index->spans[2]);
	writer_begin_span(s->out);
	writer_end_span(s->out, &index->spans[3]);
	index->nr_spans = htole32(THAW_SPANS);
	index->nr_records = htole64(s->job->nr_records);
	index->nr_pages = htole64(s->job->nr_pages);
	index->nr_zero = htole64(s->job->nr_zero);
	thaw_seal_index(&s->index);
	return writer_write(s->out, s->index_offset, &s->index,
			  sizeof(s->index));
}

static int save_packed(struct saver *s)
{
	char more;
	ssize_t n;

	s->index_offset = s->out->pos;
	if (hold_place(s, sizeof(s->index)))
		return -1;
	s->out->pos += sizeof(s->index);
	writer_begin_span(s->out);
	if (save_records(s) || save_index(s))
		return -1;
	n = take_some(s, &more, 1);
	if (n > 0)
		return fail(s, "it goes on after its END record");
	return n ? -1 : 0;
}

static int save(struct saver *s)
{
	uint8_t headers[STREAM_HEADERS_SIZE];

	s->check.fd = s->out->fd;
	s->check.file_size = s->job->start;
	if (take(s, headers, sizeof(headers), "header") ||
	    save_head(s, headers))
		return -1;
	if (stream_open(&s->check, s->out->fd, s->out->name,
			s->job->start) || s->check.version < 3)
		return save_plainly(s);
	s->hvm = s->check.guest_type == STREAM_GUEST_HVM;
	s->job->guest = s->hvm ? "hvm" : "pv";
	return save_packed(s);
}

int save_stream(struct save_job *job)
{
	struct saver *s = calloc(1, sizeof(*s));
	int ret = -1;

	job->guest = "unknown";
	if (!s) {
		strcpy(job->error, "no memory");
		return -1;
	}
	s->job = job;
	s->out = job->out;
	s->page = aligned_alloc(XT_PAGE_SIZE, CHUNK_SIZE);
	if (!s->page)
		fail(s, "no memory");
	else
		ret = save(s);
	job->end = s->out->pos;
	if (!ret)
		ret = writer_finish(s->out, job->end);

	free(s->entry);
	free(s->sum);
	free(s->head);
	free(s->page);
	free(s);
	return ret;
}
