// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dump_sink.h"
#include "pages.h"
#include "progress.h"
#include "stream.h"

/* Enough to keep a disk busy, and little for the memory of any dom0. */
#define BLOCK_SIZE	((size_t)4 << 20)

static int fail(struct dump_sink *s, const char *what)
{
	snprintf(s->error, sizeof(s->error), "%s: %s", what, strerror(errno));
	return -1;
}

/*
 * Some filesystems accept the flag, but not the write. The page of zeros is
 * overwritten later.
 */
static int try_direct(struct dump_sink *s)
{
	int flags = fcntl(s->file.fd, F_GETFL);

	if (flags < 0)
		return fail(s, "cannot get its flags");
	if (!fcntl(s->file.fd, F_SETFL, flags | O_DIRECT)) {
		memset(s->block, 0, XT_PAGE_SIZE);
		if (pwrite(s->file.fd, s->block, XT_PAGE_SIZE, 0) > 0)
			return 0;
		if (errno != EINVAL)
			return fail(s, "cannot write");
	}
	s->way = DUMP_BEHIND;
	writer_drop_behind(&s->file, CACHE_DROP);
	return fcntl(s->file.fd, F_SETFL, flags) ?
		fail(s, "cannot set its flags") : 0;
}

int dump_sink_open(struct dump_sink *s, int fd, const char *name,
		   enum cache_mode mode)
{
	memset(s, 0, sizeof(*s));
	writer_init(&s->file, fd, name, s->error, sizeof(s->error));
	s->block = aligned_alloc(XT_PAGE_SIZE, BLOCK_SIZE);
	if (!s->block)
		return fail(s, "no memory");
	if (mode == CACHE_KEEP)
		s->way = DUMP_CACHED;
	else if (try_direct(s))
		goto out_free;
	return 0;

out_free:
	dump_sink_free(s);
	return -1;
}

static bool is_zero(const struct dump_sink *s, size_t page)
{
	return page_is_zero(s->block + page * XT_PAGE_SIZE);
}

/* Writes the first size bytes of the block: whole pages. */
static int write_block(struct dump_sink *s, size_t size)
{
	size_t page = 0, nr, end = size / XT_PAGE_SIZE;

	for (; page < end; page += nr) {
		nr = 1;
		if (is_zero(s, page)) {
			s->nr_zero++;
			continue;
		}
		while (page + nr < end && !is_zero(s, page + nr))
			nr++;
		if (writer_write(&s->file, s->pos + page * XT_PAGE_SIZE,
				 s->block + page * XT_PAGE_SIZE,
				 nr * XT_PAGE_SIZE))
			return -1;
	}
	progress_add(end);
	return writer_flush_behind(&s->file, s->pos + size);
}

int dump_sink_put(struct dump_sink *s, const void *buf, size_t size)
{
	const uint8_t *from = buf;
	size_t part;

	for (; size; size -= part, from += part) {
		part = BLOCK_SIZE - s->fill;
		if (part > size)
			part = size;
		memcpy(s->block + s->fill, from, part);
		s->fill += part;
		if (s->fill < BLOCK_SIZE)
			continue;
		if (write_block(s, BLOCK_SIZE))
			return -1;
		s->pos += BLOCK_SIZE;
		s->fill = 0;
	}
	return 0;
}

/* O_DIRECT writes only whole pages: the end of the last one is cut off. */
int dump_sink_end(struct dump_sink *s)
{
	size_t size = (s->fill + XT_PAGE_SIZE - 1) & ~(XT_PAGE_SIZE - 1UL);

	memset(s->block + s->fill, 0, size - s->fill);
	if (write_block(s, size))
		return -1;
	if (ftruncate(s->file.fd, (off_t)(s->pos + s->fill)))
		return fail(s, "cannot set its size");
	return writer_finish(&s->file, s->pos + s->fill);
}

void dump_sink_free(struct dump_sink *s)
{
	free(s->block);
	s->block = NULL;
}
