// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "progress.h"
#include "file.h"
#include "verify_parts.h"

/* A body is padded with zeros to a multiple of 8. */
static int check_filler(struct verify *v, const struct stream_record *rec)
{
	uint64_t end = rec->body + rec->length;

	return verify_padding(v, end, (end - rec->body + 7) / 8 * 8 + rec->body);
}

static int check_place(struct verify *v, const struct stream_record *rec)
{
	if (rec->type == REC_THAW_INDEX && v->indexed)
		return stream_fail(&v->file.stream, rec->offset,
				   "a second index");
	return v->sums.body && rec->type != REC_PAGE_DATA ? -1 : 0;
}

/* If no PAGE_DATA follows checksums of pages, they are damaged themselves. */
static int next_record(struct verify *v, struct stream_record *rec)
{
	struct stream *s = &v->file.stream;

	if (!stream_next(s, rec) && !check_place(v, rec) &&
	    !verify_record(v, rec))
		return 0;
	if (!v->sums.body)
		return -1;
	return stream_fail(s, v->sums.offset,
			   "no sound PAGE_DATA follows these checksums");
}

static int check_record(struct verify *v, const struct stream_record *rec)
{
	switch (rec->type) {
	case REC_PAGE_DATA:
		return verify_page_data(v, rec);
	case REC_THAW_PAGE_SUMS:
		return verify_open_sums(v, rec);
	case REC_THAW_PADDING:
		return verify_padding(v, rec->body, rec->body + rec->length);
	default:
		return check_filler(v, rec);
	}
}

static int walk_libxc(struct verify *v)
{
	struct stream *s = &v->file.stream;
	struct stream_record rec;
	uint64_t at = s->next;

	/* The index, if there is one, has the checksum of what precedes it. */
	if (stream_next(s, &rec) || verify_open_index(v, &rec) ||
	    verify_spans(v, 0))
		return -1;
	if (!v->indexed)
		s->next = at;

	do {
		if (verify_spans(v, s->next) || next_record(v, &rec) ||
		    check_record(v, &rec))
			return -1;
		v->previous = rec.offset;
		progress_add((s->next - at) / XT_PAGE_SIZE);
		at += (s->next - at) / XT_PAGE_SIZE * XT_PAGE_SIZE;
	} while (rec.type != REC_END);
	v->end = rec.offset;
	return verify_complete(v);
}

/* Only records of a device model may be there; each has a header of its own. */
static bool belongs_behind(const struct stream_record *rec)
{
	switch (rec->type) {
	case LIBXL_REC_EMULATOR_XENSTORE_DATA:
	case LIBXL_REC_EMULATOR_CONTEXT:
		return rec->length >= 8;
	default:
		return rec->type == LIBXL_REC_END && !rec->length;
	}
}

static int walk_libxl(struct verify *v)
{
	uint64_t at = v->file.stream.next;
	struct stream_record rec;

	do {
		if (verify_spans(v, at) || savefile_next(&v->file, &at, &rec) ||
		    check_filler(v, &rec))
			return -1;
		if (!belongs_behind(&rec))
			return stream_fail(&v->file.stream, rec.offset,
					   "libxl record %s (%#x) of %u bytes: not of a saved guest",
					   savefile_rec_name(rec.type),
					   rec.type, rec.length);
	} while (rec.type != LIBXL_REC_END);
	v->size = at;
	v->rest = v->file.stream.file_size - at;
	return 0;
}

/* All of the file, or the libxc stream alone. */
static int check(struct verify *v, bool whole)
{
	if (walk_libxc(v))
		return -1;
	if (whole && walk_libxl(v))
		return -1;
	if (verify_spans(v, UINT64_MAX))
		return -1;
	v->nr_zero = v->data.nr_zero;
	return verify_index(v);
}

static int check_opened(struct verify *v, bool whole,
			const struct stat *before)
{
	struct stream *s = &v->file.stream;
	int ret;

	if (page_data_init(&v->data, s))
		return stream_fail(s, 0, "no memory");
	progress_start(s->file_size / XT_PAGE_SIZE);
	ret = check(v, whole);
	progress_clear();
	page_data_free(&v->data);
	free(v->page_sums);
	v->page_sums = NULL;
	/* If so, the result is true neither for the old file nor for the new one. */
	if (!file_is_unchanged(s->fd, before))
		return stream_fail(s, 0, "the file was changed while it was verified: try again when nothing writes to it");
	return ret;
}

static int stat_file(struct verify *v, int fd, struct stat *before)
{
	memset(v, 0, sizeof(*v));
	if (fstat(fd, before))
		return stream_fail(&v->file.stream, 0, "%s", strerror(errno));
	return 0;
}

int verify_file(struct verify *v, int fd, const char *name)
{
	struct stat before;

	if (stat_file(v, fd, &before) || savefile_open(&v->file, fd, name))
		return -1;
	return check_opened(v, true, &before);
}

int verify_stream(struct verify *v, int fd, const char *name, uint64_t start)
{
	struct stat before;

	if (stat_file(v, fd, &before) ||
	    stream_open(&v->file.stream, fd, name, start))
		return -1;
	return check_opened(v, false, &before);
}
