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
#include "save_parts.h"

int save_fail(struct saver *s, const char *fmt, ...)
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
		if (s->job->stop && *s->job->stop)
			return save_fail(s, "interrupted by signal %d", *s->job->stop);
		n = read(s->job->in_fd, (char *)buf + done, size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return save_fail(s, "cannot read: %s", strerror(errno));
		if (!n)
			break;
		done += (size_t)n;
		s->taken += (size_t)n;
	}
	return (ssize_t)done;
}

int save_take(struct saver *s, void *buf, size_t size, const char *what)
{
	ssize_t n = take_some(s, buf, size);

	if (n == (ssize_t)size)
		return 0;
	if (n >= 0) {
		s->job->truncated = true;
		save_fail(s, "it ends before the END record, in a %s", what);
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
			return save_fail(s, "%s", s->check.error);
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

static int save_record(struct saver *s, const struct record_header *h)
{
	uint32_t left = (le32toh(h->length) + 7) & ~7U, size;

	if (h->type == htole32(REC_END)) {
		if (left)
			return save_fail(s, "END of %u bytes", left);
		s->index.index.end = htole64(s->out->pos);
	}
	if (writer_append(s->out, h, sizeof(*h)))
		return -1;
	for (; left; left -= size) {
		size = left < CHUNK_SIZE ? left : CHUNK_SIZE;
		if (save_take(s, s->page, size, "record") ||
		    writer_append(s->out, s->page, size))
			return -1;
	}
	return 0;
}

/* What no reader may skip ends the pages: the state of the vCPUs follows. */
static int save_other(struct saver *s, const struct record_header *h)
{
	if (!(le32toh(h->type) & REC_OPTIONAL) && save_pages_end(s))
		return -1;
	return save_record(s, h);
}

static int save_records(struct saver *s)
{
	struct record_header h;
	uint32_t length;
	int ret;

	do {
		if (save_take(s, &h, sizeof(h), "record header"))
			return -1;
		length = le32toh(h.length);
		if (length > REC_LENGTH_MAX)
			return save_fail(s, "record %s of %u bytes, the limit is %u",
					 record_name(le32toh(h.type)), length,
					 REC_LENGTH_MAX);
		if (h.type == htole32(REC_PAGE_DATA))
			ret = save_pages(s, length);
		else
			ret = save_other(s, &h);
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
	if (save_hold_place(s, sizeof(s->index)))
		return -1;
	s->out->pos += sizeof(s->index);
	writer_begin_span(s->out);
	if (save_records(s) || save_index(s))
		return -1;
	n = take_some(s, &more, 1);
	if (n > 0)
		return save_fail(s, "it goes on after its END record");
	return n ? -1 : 0;
}

static int save(struct saver *s)
{
	uint8_t headers[STREAM_HEADERS_SIZE];

	s->check.fd = s->out->fd;
	s->check.file_size = s->job->start;
	if (save_take(s, headers, sizeof(headers), "header") ||
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
	s->once = job->live;
	s->again.out = job->out;
	s->page = aligned_alloc(XT_PAGE_SIZE, CHUNK_SIZE);
	if (!s->page)
		save_fail(s, "no memory");
	else
		ret = save(s);
	job->end = s->out->pos;
	/* The guest waits: whoever saves it live drops what is left when it goes on. */
	if (!ret && !job->live)
		ret = writer_finish(s->out, job->end);

	save_pages_free(s);
	again_free(&s->again);
	free(s->page);
	free(s);
	return ret;
}
