// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "pack.h"
#include "page_data.h"
#include "page_head.h"
#include "pack_pages.h"
#include "pages.h"
#include "progress.h"
#include "savefile.h"
#include "verify.h"
#include "writer.h"

/* Bytes of other records copied at once; left out if they are zeros. */
#define COPY_SIZE	(64U << 10)

/*
 * Bytes besides the pages that are copied. Guests have some MiB; a sparse file can
 * have TiBs, which would take hours to read, and to sum.
 */
#define REST_MAX	((uint64_t)1 << 30)

/**
 * struct packer - a save file being packed
 * @job: what to do
 * @in: the file
 * @out: the new file
 * @pages: of the file
 * @batch: pages of the record in the making
 * @data: contents of @batch
 * @head: room for what precedes the contents of @batch
 * @index: of the new file
 * @index_offset: of @index in the new file
 * @rest: bytes of the file that are copied, besides the pages
 * @end: of the libxl stream in the file
 * @nr_records: PAGE_DATA records in the new file
 * @nr_pages: pages with data in them
 */
struct packer {
	struct pack_job *job;
	struct savefile in;
	struct writer out;
	struct pack_pages pages;
	struct pack_batch batch;
	struct page_data data;
	uint8_t head[PAGE_HEAD_MAX(PAGES_PER_RECORD)];
	struct thaw_index_record index;
	uint64_t index_offset;
	uint64_t rest;
	uint64_t end;
	uint64_t nr_records;
	uint64_t nr_pages;
};

static int fail_in(struct packer *p, const char *error)
{
	p->job->culprit = p->job->in_name;
	memcpy(p->job->error, error, sizeof(p->job->error));
	return -1;
}

static int read_in(struct packer *p, uint64_t offset, void *buf, size_t size,
		   const char *what)
{
	if (stream_read(&p->in.stream, offset, buf, size, what))
		return fail_in(p, p->in.stream.error);
	return 0;
}

/*
 * Copies the bytes of the file from start up to end. The last ones are written
 * even if they are zeros: they may be the end of the file.
 */
static int copy(struct packer *p, uint64_t start, uint64_t end)
{
	uint8_t *buf = p->data.page;
	size_t size;

	for (; start < end; start += size) {
		size = end - start < COPY_SIZE ? end - start : COPY_SIZE;
		if (read_in(p, start, buf, size, "records"))
			return -1;
		if (start + size < end && bytes_are_zero(buf, size))
			writer_append_hole(&p->out, buf, size);
		else if (writer_append(&p->out, buf, size))
			return -1;
	}
	return 0;
}

/*
 * Copies all up to the first record of the libxc stream. The room between the
 * toolstack's header and the libxl stream grows, so that the stream starts at a
 * multiple of 8. xl skips data there that it does not know; libvirt sees NULs at
 * the end of its XML.
 */
static int copy_head(struct packer *p)
{
	static const uint8_t zero[8];
	const struct savefile *in = &p->in;
	uint32_t pad = -in->libxl % 8, room;

	if (read_in(p, in->room, &room, sizeof(room), "header"))
		return -1;
	if (le32toh(room) > UINT32_MAX - pad) {
		stream_fail(&p->in.stream, in->room, "no room for padding");
		return fail_in(p, in->stream.error);
	}
	room = htole32(le32toh(room) + pad);

	if (copy(p, 0, in->room) || writer_append(&p->out, &room, sizeof(room)) ||
	    copy(p, in->room + sizeof(room), in->libxl) ||
	    writer_append(&p->out, zero, pad))
		return -1;
	return copy(p, in->libxl, in->stream.start + STREAM_HEADERS_SIZE);
}

typedef int record_fn(struct packer *p, const struct stream_record *rec,
		      uint64_t end);

/* Calls fn for the records between two offsets, except those that packing makes. */
static int for_records(struct packer *p, uint64_t start, uint64_t end,
		       record_fn *fn)
{
	struct stream_record rec;
	struct stream s;

	if (stream_open(&s, p->job->in_fd, p->job->in_name,
			p->in.stream.start))
		return fail_in(p, s.error);
	s.next = start;
	while (s.next < end) {
		if (stream_next(&s, &rec))
			return fail_in(p, s.error);
		if (rec.type == REC_PAGE_DATA ||
		    record_kind(rec.type) == RECORD_THAW)
			continue;
		if (fn(p, &rec, s.next))
			return -1;
	}
	return 0;
}

static int copy_record(struct packer *p, const struct stream_record *rec,
		       uint64_t end)
{
	if (rec->type == REC_END)
		p->index.index.end = htole64(p->out.pos);
	return copy(p, rec->offset, end);
}

static int count_rest(struct packer *p, uint64_t offset, uint64_t end)
{
	p->rest += end - offset;
	if (p->rest <= REST_MAX)
		return 0;
	stream_fail(&p->in.stream, offset,
		    "from here on more than %u MiB besides the pages: no guest has so much, so it is not packed",
		    (unsigned int)(REST_MAX >> 20));
	return fail_in(p, p->in.stream.error);
}

static int count_record(struct packer *p, const struct stream_record *rec,
			uint64_t end)
{
	return count_rest(p, rec->offset, end);
}

/* The libxl records after the libxc stream. What follows them is dropped. */
static int count_tail(struct packer *p, uint64_t start)
{
	struct stream_record rec;

	p->end = start;
	do {
		if (savefile_next(&p->in, &p->end, &rec))
			return fail_in(p, p->in.stream.error);
		if (rec.type == LIBXL_REC_LIBXC_CONTEXT ||
		    rec.type > LIBXL_REC_EMULATOR_CONTEXT) {
			stream_fail(&p->in.stream, rec.offset,
				    "libxl record %s (%#x): not of a saved guest",
				    savefile_rec_name(rec.type), rec.type);
			return fail_in(p, p->in.stream.error);
		}
		if (count_rest(p, rec.offset, p->end))
			return -1;
	} while (rec.type != LIBXL_REC_END);
	return 0;
}

/* Before anything is written. */
static int check_rest(struct packer *p)
{
	uint64_t start = p->in.stream.start + STREAM_HEADERS_SIZE;
	uint64_t end = p->in.stream.next;

	if (count_rest(p, 0, start) ||
	    for_records(p, start, end, count_record))
		return -1;
	return count_tail(p, end);
}

static int read_batch(struct packer *p)
{
	const uint64_t *source = p->batch.source;
	uint32_t first, nr;

	for (first = 0; first < p->batch.nr_data; first += nr) {
		nr = 1;
		while (first + nr < p->batch.nr_data &&
		       source[first + nr] ==
		       source[first] + (uint64_t)nr * XT_PAGE_SIZE)
			nr++;
		if (page_data_read(&p->data, &p->in.stream, first, nr,
				   source[first]))
			return fail_in(p, p->in.stream.error);
	}
	return 0;
}

static int write_group_head(struct packer *p)
{
	const struct pack_batch *b = &p->batch;
	uint32_t sums[PAGES_PER_RECORD], i;
	struct page_head head = {
		.pos = p->out.pos,
		.entry = b->entry,
		.nr = b->nr,
		.nr_data = b->nr_data,
	};
	size_t size;

	if (p->job->sums) {
		for (i = 0; i < b->nr_data; i++)
			sums[i] = page_data_sum(&p->data, i);
		head.sums = sums;
	}
	size = page_head_size(&head);
	page_head_put(&head, p->head);
	if (writer_write(&p->out, p->out.pos, p->head, size))
		return -1;
	p->out.pos += size;
	return 0;
}

/* Zero pages are not written: they become holes. */
static int write_data(struct packer *p)
{
	uint32_t first = 0, nr, end = p->batch.nr_data;

	for (; first < end; first += nr) {
		nr = 1;
		if (p->data.is_zero[first])
			continue;
		while (first + nr < end && !p->data.is_zero[first + nr])
			nr++;
		if (writer_write(&p->out,
				 p->out.pos + (uint64_t)first * XT_PAGE_SIZE,
				 p->data.page + (size_t)first * XT_PAGE_SIZE,
				 (size_t)nr * XT_PAGE_SIZE))
			return -1;
	}
	p->out.pos += (uint64_t)end * XT_PAGE_SIZE;
	return 0;
}

static uint64_t count_pages(const struct pack_pages *pages)
{
	uint64_t nr = 0;
	size_t i;

	for (i = 0; i < pages->nr; i++)
		nr += pages->v[i].nr;
	return nr;
}

static int write_pages(struct packer *p)
{
	struct pack_cursor cursor = { 0 };
	int ret = 0;

	progress_start(count_pages(&p->pages));
	while (!ret && pack_next_batch(&p->pages, &cursor, &p->batch)) {
		ret = read_batch(p);
		if (!ret)
			ret = write_group_head(p);
		if (!ret)
			ret = write_data(p);
		p->nr_records++;
		p->nr_pages += p->batch.nr_data;
		progress_add(p->batch.nr);
	}
	progress_clear();
	return ret;
}

static int write_index(struct packer *p)
{
	struct thaw_index *index = &p->index.index;

	index->size = htole64(p->out.pos);
	index->nr_records = htole64(p->nr_records);
	index->nr_pages = htole64(p->nr_pages);
	index->nr_zero = htole64(p->data.nr_zero);
	if (p->job->sums)
		index->nr_spans = htole32(THAW_SPANS);
	else
		memset(index->spans, 0, sizeof(index->spans));
	thaw_seal_index(&p->index);
	return writer_write(&p->out, p->index_offset, &p->index,
			  sizeof(p->index));
}

/* The index is the first record, but is known last. */
static int pack(struct packer *p)
{
	struct thaw_span *span = p->index.index.spans;
	uint64_t start = p->in.stream.start + STREAM_HEADERS_SIZE;
	uint64_t after = p->pages.first_after_data;
	uint64_t end = p->in.stream.next;

	writer_begin_span(&p->out);
	if (copy_head(p))
		return -1;
	writer_end_span(&p->out, span++);
	p->index_offset = p->out.pos;
	p->out.pos += sizeof(p->index);

	writer_begin_span(&p->out);
	if (for_records(p, start, after, copy_record))
		return -1;
	writer_end_span(&p->out, span++);
	if (write_pages(p))
		return -1;

	writer_begin_span(&p->out);
	if (for_records(p, after, end, copy_record))
		return -1;
	writer_end_span(&p->out, span++);
	writer_begin_span(&p->out);
	if (copy(p, end, p->end))
		return -1;
	writer_end_span(&p->out, span++);
	return write_index(p);
}

/* New checksums would hide errors that the old ones show. */
static int check_old_sums(struct packer *p)
{
	struct verify *v = malloc(sizeof(*v));
	int ret = 0;

	if (!v) {
		stream_fail(&p->in.stream, 0, "no memory");
		return fail_in(p, p->in.stream.error);
	}
	progress_title("verifying");
	if (verify_file(v, p->job->in_fd, p->job->in_name))
		ret = fail_in(p, v->file.stream.error);
	progress_title("packing");
	free(v);
	return ret;
}

static int open_and_pack(struct packer *p)
{
	if (savefile_open(&p->in, p->job->in_fd, p->job->in_name) ||
	    pack_pages_read(&p->pages, &p->in.stream))
		return fail_in(p, p->in.stream.error);
	if (check_rest(p))
		return -1;
	if (p->pages.packed && check_old_sums(p))
		return -1;
	if (page_data_init(&p->data, &p->in.stream)) {
		stream_fail(&p->in.stream, 0, "no memory");
		return fail_in(p, p->in.stream.error);
	}
	return pack(p);
}

int pack_stream(struct pack_job *job)
{
	struct packer *p = calloc(1, sizeof(*p));
	int ret;

	/* Unless fail_in() says otherwise. */
	job->culprit = job->out_name;
	if (!p) {
		strcpy(job->error, "no memory");
		return -1;
	}
	p->job = job;
	writer_init(&p->out, job->out_fd, job->out_name, job->error,
		    sizeof(job->error));
	ret = open_and_pack(p);
	job->nr_zero = p->data.nr_zero;

	pack_pages_free(&p->pages);
	page_data_free(&p->data);
	free(p);
	return ret;
}
