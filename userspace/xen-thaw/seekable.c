// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>

#include "frame_crew.h"
#include "seekable.h"
#include "stream.h"

#define TABLE_MAGIC	0x184d2a5eU	/* of a frame that is skipped */
#define FOOTER_MAGIC	0x8f92eab1U
#define HAS_SUMS	0x80U		/* entries have a sum, too */
#define RESERVED	0x7cU

struct footer {
	uint32_t nr;
	uint8_t descriptor;
	uint32_t magic;
} __attribute__((packed));

/* Reads all of a part of a file. Return: 0, or -1 with errno set; 0: it ends. */
static int read_at(int fd, void *buf, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, (char *)buf + done, size - done,
				  (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (!n)
			errno = 0;
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

static const char *read_error(void)
{
	return errno ? strerror(errno) : "the file became shorter";
}

/* Return: 1, or 0 if the entries do not fit the file. */
static int take_entries(struct seekable *s, const uint32_t *entry, size_t words,
			uint64_t end)
{
	uint64_t offset = 0, i;

	for (i = 0; i < s->nr; i++, entry += words) {
		struct seekable_frame *f = &s->frame[i];

		f->offset = offset;
		f->packed = le32toh(entry[0]);
		f->size = le32toh(entry[1]);
		offset += f->packed;
		if (f->size > SEEKABLE_FRAME_MAX || !f->packed ||
		    f->packed > ZSTD_compressBound(SEEKABLE_FRAME_MAX))
			return 0;
		if (f->packed > s->max_packed)
			s->max_packed = f->packed;
		if (f->size > s->max_size)
			s->max_size = f->size;
	}
	return offset == end;
}

/* @start: of the table's frame. Return: as seekable_open(). */
static int read_table(struct seekable *s, uint64_t start, size_t words)
{
	size_t size = (size_t)s->nr * words * 4;
	uint32_t *table = malloc(8 + size);
	int ret = 0;

	s->frame = calloc(s->nr + 1, sizeof(*s->frame));
	if (!table || !s->frame) {
		strcpy(s->error, "no memory for its table of frames");
		ret = -1;
	} else if (read_at(s->fd, table, 8 + size, start)) {
		snprintf(s->error, sizeof(s->error), "cannot read its table of frames: %s",
			 read_error());
		ret = -1;
	} else if (le32toh(table[0]) == TABLE_MAGIC &&
		   le32toh(table[1]) == size + sizeof(struct footer)) {
		ret = take_entries(s, table + 2, words, start);
	}
	free(table);
	return ret;
}

int seekable_open(struct seekable *s, int fd)
{
	struct footer f;
	uint64_t size, table;
	size_t words;

	memset(s, 0, sizeof(*s));
	s->fd = fd;
	if (stream_file_size(fd, &size) || size < sizeof(f) ||
	    read_at(fd, &f, sizeof(f), size - sizeof(f)) ||
	    le32toh(f.magic) != FOOTER_MAGIC || f.descriptor & RESERVED)
		return 0;
	s->nr = le32toh(f.nr);
	words = f.descriptor & HAS_SUMS ? 3 : 2;
	table = 8 + s->nr * words * 4 + sizeof(f);
	return table > size ? 0 : read_table(s, size - table, words);
}

void seekable_close(struct seekable *s)
{
	free(s->frame);
	s->frame = NULL;
}

/* What seekable_read() needs besides the file. */
struct reading {
	struct seekable *s;
	int (*put)(void *arg, const void *buf, size_t size, uint64_t packed);
	void *arg;
};

static void *open_reader(void *arg)
{
	(void)arg;
	return ZSTD_createDCtx();
}

static void close_reader(void *state)
{
	ZSTD_freeDCtx(state);
}

static int read_frame(void *arg, void *state, uint64_t i, struct frame *f)
{
	const struct reading *r = arg;
	const struct seekable_frame *e = &r->s->frame[i];
	size_t n;

	if (read_at(r->s->fd, f->in, e->packed, e->offset)) {
		snprintf(f->error, sizeof(f->error), "offset %" PRIu64 ": cannot read: %s",
			 e->offset, read_error());
		return -1;
	}
	n = ZSTD_decompressDCtx(state, f->out, e->size, f->in, e->packed);
	if (ZSTD_isError(n) || n != e->size) {
		snprintf(f->error, sizeof(f->error), "offset %" PRIu64 ": damaged: %s",
			 e->offset, ZSTD_isError(n) ? ZSTD_getErrorName(n) :
						      "a frame is shorter than its table says");
		return -1;
	}
	f->size = n;
	return 0;
}

static int put_contents(void *arg, uint64_t i, struct frame *f)
{
	const struct reading *r = arg;

	f->error[0] = '\0';
	return r->put(r->arg, f->out, f->size, r->s->frame[i].packed);
}

int seekable_read(struct seekable *s, unsigned int threads,
		  int (*put)(void *arg, const void *buf, size_t size,
			     uint64_t packed), void *arg)
{
	struct reading r = { s, put, arg };
	struct frames f = {
		.nr = s->nr,
		.in_size = s->max_packed + 1UL,
		.out_size = s->max_size + 1UL,
		.open = open_reader,
		.close = close_reader,
		.work = read_frame,
		.put = put_contents,
		.arg = &r,
	};
	int ret = frames_run(&f, threads);

	memcpy(s->error, f.error, sizeof(s->error));
	return ret;
}

/* What seekable_write() needs. @table: two words for each frame. */
struct writing {
	int in_fd;
	int out_fd;
	uint64_t size;
	int level;
	uint32_t *table;
};

static void *open_writer(void *arg)
{
	const struct writing *w = arg;
	ZSTD_CCtx *c = ZSTD_createCCtx();

	if (!c || ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, w->level)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1))) {
		ZSTD_freeCCtx(c);
		return NULL;
	}
	return c;
}

static void close_writer(void *state)
{
	ZSTD_freeCCtx(state);
}

static int write_frame(void *arg, void *state, uint64_t i, struct frame *f)
{
	const struct writing *w = arg;
	uint64_t offset = i * SEEKABLE_FRAME;
	size_t size = SEEKABLE_FRAME, n;

	if (size > w->size - offset)
		size = (size_t)(w->size - offset);
	if (read_at(w->in_fd, f->in, size, offset)) {
		snprintf(f->error, sizeof(f->error), "cannot read what is to be compressed: %s",
			 read_error());
		return -1;
	}
	n = ZSTD_compress2(state, f->out, ZSTD_compressBound(SEEKABLE_FRAME),
			   f->in, size);
	if (ZSTD_isError(n)) {
		snprintf(f->error, sizeof(f->error), "cannot compress: %s",
			 ZSTD_getErrorName(n));
		return -1;
	}
	f->size = n;
	w->table[2 * i] = htole32((uint32_t)n);
	w->table[2 * i + 1] = htole32((uint32_t)size);
	return 0;
}

static int write_all(int fd, const void *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = write(fd, (const char *)buf + done, size - done);

		if (n < 0 && errno != EINTR)
			return -1;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int put_frame(void *arg, uint64_t i, struct frame *f)
{
	const struct writing *w = arg;

	(void)i;
	if (!write_all(w->out_fd, f->out, f->size))
		return 0;
	snprintf(f->error, sizeof(f->error), "cannot write: %s", strerror(errno));
	return -1;
}

static int write_table(const struct writing *w, uint64_t nr)
{
	const size_t size = (size_t)nr * 8;
	const uint32_t header[2] = {
		htole32(TABLE_MAGIC),
		htole32((uint32_t)(size + sizeof(struct footer))),
	};
	const struct footer f = {
		.nr = htole32((uint32_t)nr),
		.magic = htole32(FOOTER_MAGIC),
	};

	return write_all(w->out_fd, header, sizeof(header)) ||
	       write_all(w->out_fd, w->table, size) ||
	       write_all(w->out_fd, &f, sizeof(f)) ? -1 : 0;
}

int seekable_write(int in_fd, uint64_t size, int out_fd, int level,
		   unsigned int threads, char *error)
{
	struct writing w = { in_fd, out_fd, size, level, NULL };
	struct frames f = {
		.nr = (size + SEEKABLE_FRAME - 1) / SEEKABLE_FRAME,
		.in_size = SEEKABLE_FRAME,
		.out_size = ZSTD_compressBound(SEEKABLE_FRAME),
		.open = open_writer,
		.close = close_writer,
		.work = write_frame,
		.put = put_frame,
		.arg = &w,
	};
	int ret = -1;

	w.table = calloc(f.nr + 1, 8);
	if (!w.table) {
		strcpy(f.error, "no memory");
	} else {
		ret = frames_run(&f, threads);
		if (!ret && write_table(&w, f.nr)) {
			snprintf(f.error, sizeof(f.error), "cannot write: %s",
				 strerror(errno));
			ret = -1;
		}
	}
	free(w.table);
	memcpy(error, f.error, sizeof(f.error));
	return ret;
}
