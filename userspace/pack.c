// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format.h"
#include "holes.h"
#include "pack.h"
#include "pack_pages.h"
#include "progress.h"
#include "savefile.h"

/* Bytes of other records copied at once. */
#define COPY_SIZE	(1U << 20)

#define LIBXC_HEADERS	40U	/* image and domain header */
#define RECORD_HEADER	8U
#define PAGE_DATA_HEADER 16U	/* of the record and of its list */

/* A padding record, and header and list of the PAGE_DATA behind it. */
#define GROUP_HEAD_MAX \
	(RECORD_HEADER + XT_PAGE_SIZE + PAGE_DATA_HEADER + 8 * PACK_BATCH)

/**
 * struct packer - a save file being packed
 * @job: what to do
 * @in: the file
 * @hole: of the file
 * @pages: of the file
 * @pos: offset in the new file that is written next
 * @batch: pages of the record in the making
 * @is_zero: for each page of data of @batch
 * @data: of each page of data of @batch that is not zero
 * @head: what precedes the data of @batch
 */
struct packer {
	struct pack_job *job;
	struct savefile in;
	struct hole hole;
	struct pack_pages pages;
	uint64_t pos;
	struct pack_batch batch;
	bool is_zero[PACK_BATCH];
	uint8_t *data;
	uint8_t head[GROUP_HEAD_MAX];
};

static int fail_in(struct packer *p, const char *error)
{
	p->job->culprit = p->job->in_name;
	memcpy(p->job->error, error, sizeof(p->job->error));
	return -1;
}

static int fail_out(struct packer *p, uint64_t offset)
{
	struct stream out;

	stream_fail(&out, offset, "cannot write: %s", strerror(errno));
	p->job->culprit = p->job->out_name;
	memcpy(p->job->error, out.error, sizeof(p->job->error));
	return -1;
}

static int read_in(struct packer *p, uint64_t offset, void *buf, size_t size,
		   const char *what)
{
	if (stream_read(&p->in.stream, offset, buf, size, what))
		return fail_in(p, p->in.stream.error);
	return 0;
}

static int write_at(struct packer *p, uint64_t offset, const void *buf,
		    size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = pwrite(p->job->out_fd, (const char *)buf + done,
			   size - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_out(p, offset + done);
		done += (size_t)n;
	}
	return 0;
}

static int append(struct packer *p, const void *buf, size_t size)
{
	if (write_at(p, p->pos, buf, size))
		return -1;
	p->pos += size;
	return 0;
}

/* Copies the bytes of the file from start up to end as they are. */
static int copy(struct packer *p, uint64_t start, uint64_t end)
{
	size_t size;

	for (; start < end; start += size) {
		size = end - start < COPY_SIZE ? end - start : COPY_SIZE;
		if (read_in(p, start, p->data, size, "records") ||
		    append(p, p->data, size))
			return -1;
	}
	return 0;
}

/*
 * Up to the first record of the libxc stream. The room between the toolstack's
 * header and the libxl stream grows until that starts at a multiple of 8: xl
 * skips what it does not know there, for libvirt it is NULs behind its XML.
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

	if (copy(p, 0, in->room) || append(p, &room, sizeof(room)) ||
	    copy(p, in->room + sizeof(room), in->libxl) ||
	    append(p, zero, pad))
		return -1;
	return copy(p, in->libxl, in->stream.start + LIBXC_HEADERS);
}

/* Records from one offset on up to another, but none that packing makes. */
static int copy_records(struct packer *p, uint64_t start, uint64_t end)
{
	struct stream s;
	struct stream_record rec;

	if (stream_open(&s, p->job->in_fd, p->job->in_name,
			p->in.stream.start))
		return fail_in(p, s.error);
	s.next = start;
	while (s.next < end) {
		if (stream_next(&s, &rec))
			return fail_in(p, s.error);
		if (rec.type == REC_PAGE_DATA || thaw_record(rec.type))
			continue;
		if (copy(p, rec.offset, s.next))
			return -1;
	}
	return 0;
}

/* The libxl records behind the libxc stream: what is behind them is dropped. */
static int copy_tail(struct packer *p, uint64_t start)
{
	uint64_t end = start;
	struct stream_record rec;

	do {
		if (savefile_next(&p->in, &end, &rec))
			return fail_in(p, p->in.stream.error);
		if (rec.type == LIBXL_REC_LIBXC_CONTEXT ||
		    rec.type > LIBXL_REC_EMULATOR_CONTEXT) {
			stream_fail(&p->in.stream, rec.offset,
				    "libxl record %s (%#x): not of a saved guest",
				    savefile_rec_name(rec.type), rec.type);
			return fail_in(p, p->in.stream.error);
		}
	} while (rec.type != LIBXL_REC_END);
	return copy(p, start, end);
}

static bool page_is_zero(const uint8_t *page)
{
	static const uint8_t zero[XT_PAGE_SIZE];

	return !memcmp(page, zero, XT_PAGE_SIZE);
}

static int read_part(struct packer *p, uint32_t first, uint32_t nr,
		     uint64_t offset)
{
	uint8_t *data = p->data + (size_t)first * XT_PAGE_SIZE;
	uint32_t i;

	if (read_in(p, offset, data, (size_t)nr * XT_PAGE_SIZE, "page data"))
		return -1;
	for (i = 0; i < nr; i++)
		p->is_zero[first + i] =
			page_is_zero(data + (size_t)i * XT_PAGE_SIZE);
	return 0;
}

/* Pages that follow one another in the file; holes are not read. */
static int read_run(struct packer *p, uint32_t first, uint32_t nr)
{
	uint64_t offset = p->batch.source[first];
	uint32_t part, end = first + nr;

	while (first < end) {
		hole_seek(&p->hole, offset);
		part = hole_pages_within(&p->hole, offset, end - first);
		if (part) {
			memset(p->is_zero + first, true, part);
		} else {
			part = hole_pages_before(&p->hole, offset, end - first);
			/* The hole starts or ends within this page. */
			if (!part)
				part = 1;
			if (read_part(p, first, part, offset))
				return -1;
		}
		first += part;
		offset += (uint64_t)part * XT_PAGE_SIZE;
	}
	return 0;
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
		if (read_run(p, first, nr))
			return -1;
	}
	return 0;
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

/* Where there is data, it starts at a page of the file. */
static int write_group_head(struct packer *p)
{
	const struct pack_batch *b = &p->batch;
	uint32_t list = PAGE_DATA_HEADER + 8 * b->nr, pad, i;
	uint8_t *to = p->head;

	if (b->nr_data && (p->pos + list) % XT_PAGE_SIZE) {
		pad = -(p->pos + RECORD_HEADER + list) % XT_PAGE_SIZE;
		to = put32(to, REC_THAW_PADDING);
		to = put32(to, pad);
		to = (uint8_t *)memset(to, 0, pad) + pad;
	}
	to = put32(to, REC_PAGE_DATA);
	to = put32(to, list - RECORD_HEADER + b->nr_data * XT_PAGE_SIZE);
	to = put32(to, b->nr);
	to = put32(to, 0);
	for (i = 0; i < b->nr; i++)
		to = put64(to, b->entry[i]);
	return append(p, p->head, (size_t)(to - p->head));
}

/* Zero pages are left out: the new file has a hole there. */
static int write_data(struct packer *p)
{
	uint32_t first = 0, nr, end = p->batch.nr_data;

	for (; first < end; first += nr) {
		nr = 1;
		if (p->is_zero[first])
			continue;
		while (first + nr < end && !p->is_zero[first + nr])
			nr++;
		if (write_at(p, p->pos + (uint64_t)first * XT_PAGE_SIZE,
			     p->data + (size_t)first * XT_PAGE_SIZE,
			     (size_t)nr * XT_PAGE_SIZE))
			return -1;
	}
	p->pos += (uint64_t)end * XT_PAGE_SIZE;
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
		progress_add(p->batch.nr);
	}
	progress_clear();
	return ret;
}

static int pack(struct packer *p)
{
	uint64_t start = p->in.stream.start + LIBXC_HEADERS;
	uint64_t after = p->pages.first_after_data;
	uint64_t end = p->in.stream.next;

	if (copy_head(p) || copy_records(p, start, after) || write_pages(p) ||
	    copy_records(p, after, end))
		return -1;
	return copy_tail(p, end);
}

static int open_and_pack(struct packer *p)
{
	if (savefile_open(&p->in, p->job->in_fd, p->job->in_name) ||
	    pack_pages_read(&p->pages, &p->in.stream))
		return fail_in(p, p->in.stream.error);
	p->hole.fd = p->job->in_fd;
	p->hole.size = p->in.stream.file_size;
	return pack(p);
}

int pack_stream(struct pack_job *job)
{
	struct packer *p = calloc(1, sizeof(*p));
	int ret = -1;

	job->culprit = job->in_name;
	if (p)
		p->data = aligned_alloc(XT_PAGE_SIZE,
					(size_t)PACK_BATCH * XT_PAGE_SIZE);
	if (p && p->data) {
		p->job = job;
		ret = open_and_pack(p);
		pack_pages_free(&p->pages);
		free(p->data);
	} else {
		strcpy(job->error, "no memory");
	}
	free(p);
	return ret;
}
