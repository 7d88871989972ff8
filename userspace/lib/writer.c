// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "message.h"
#include "stream.h"
#include "writer.h"

/*
 * Bytes that are sent to the disk at once, and dropped while the next ones are
 * sent. A multiple of any folio: the kernel does not drop parts of one.
 */
#ifndef STRETCH
#define STRETCH		(8U << 20)
#endif

/* Pages in the page cache that are enough to see whether dropping works. */
#define ENOUGH		256U

void writer_init(struct writer *w, int fd, const char *name, char *error,
		 size_t error_size)
{
	memset(w, 0, sizeof(*w));
	w->fd = fd;
	w->name = name;
	w->error = error;
	w->error_size = error_size;
	w->limit = UINT64_MAX;
	w->from = UINT64_MAX;
}

static void drop_from(struct writer *w, uint64_t offset)
{
	w->from = offset - offset % STRETCH;
	w->sent = w->from;
	w->dropped = w->from;
}

void writer_drop_behind(struct writer *w, enum cache_mode mode)
{
	uint64_t available;

	switch (mode) {
	case CACHE_KEEP:
		return;
	case CACHE_DROP:
		w->limit = 0;
		drop_from(w, w->pos);
		return;
	case CACHE_AUTO:
		available = mem_available();
		if (available)
			w->limit = w->written + available / 2;
		else
			message("cannot tell how much memory is available: %s stays in the page cache",
				w->name);
	}
}

bool writer_drops(const struct writer *w)
{
	return w->limit != UINT64_MAX;
}

static int fail(struct writer *w, uint64_t offset, const char *what, int err)
{
	snprintf(w->error, w->error_size, "offset %" PRIu64 ": %s: %s", offset,
		 what, strerror(err));
	return -1;
}

int writer_write(struct writer *w, uint64_t offset, const void *buf,
		 size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = pwrite(w->fd, (const char *)buf + done, size - done,
			   (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(w, offset + done, "cannot write",
				    n ? errno : ENOSPC);
		done += (size_t)n;
	}
	w->written += size;
	return 0;
}

static void move_on(struct writer *w, const void *buf, size_t size)
{
	w->pos += size;
	w->span.size += size;
	w->span.sum = thaw_sum(w->span.sum, buf, size);
}

int writer_append(struct writer *w, const void *buf, size_t size)
{
	if (writer_write(w, w->pos, buf, size))
		return -1;
	move_on(w, buf, size);
	return 0;
}

void writer_append_hole(struct writer *w, const void *zeros, size_t size)
{
	move_on(w, zeros, size);
}

void writer_begin_span(struct writer *w)
{
	memset(&w->span, 0, sizeof(w->span));
	w->span.offset = w->pos;
}

void writer_end_span(struct writer *w, struct thaw_span *span)
{
	memset(span, 0, sizeof(*span));
	span->offset = htole64(w->span.offset);
	span->size = htole64(w->span.size);
	span->sum = htole32(w->span.sum);
}

/* Pages of a part of the file that are in the page cache; not its holes. */
static size_t resident_pages(struct writer *w, uint64_t start, uint64_t end)
{
	static unsigned char in_core[STRETCH / XT_PAGE_SIZE];
	size_t size = (size_t)(end - start), pages = size / XT_PAGE_SIZE;
	size_t resident = 0, i;
	void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, w->fd,
			 (off_t)start);

	if (map == MAP_FAILED)
		return 0;
	if (!mincore(map, size, in_core)) {
		for (i = 0; i < pages; i++)
			resident += in_core[i] & 1;
	}
	munmap(map, size);
	return resident;
}

static int stop_dropping(struct writer *w, const char *why)
{
	message("%s: %s: it stays in the page cache", w->name, why);
	w->from = UINT64_MAX;
	w->limit = UINT64_MAX;
	return 0;
}

static int send_out(struct writer *w, uint64_t start, uint64_t end,
		    unsigned int flags)
{
	int ret;

	do
		ret = sync_file_range(w->fd, (off_t)start, (off_t)(end - start),
				      SYNC_FILE_RANGE_WRITE | flags);
	while (ret && errno == EINTR);
	if (!ret)
		return 0;
	if (errno == EINVAL || errno == ENOSYS || errno == ESPIPE)
		return stop_dropping(w, "its filesystem does not say when data is on disk");
	return fail(w, start, "the disk did not take what was written", errno);
}

static int drop(struct writer *w, uint64_t end)
{
	uint64_t start = w->dropped;
	size_t before = 0;

	/* The kernel takes 0 bytes for all that there are. */
	if (end == start)
		return 0;
	if (send_out(w, start, end, SYNC_FILE_RANGE_WAIT_BEFORE |
				    SYNC_FILE_RANGE_WAIT_AFTER))
		return -1;
	if (w->from == UINT64_MAX)
		return 0;
	if (!w->checked)
		before = resident_pages(w, start, end);
	posix_fadvise(w->fd, (off_t)start, (off_t)(end - start),
		      POSIX_FADV_DONTNEED);
	if (before >= ENOUGH) {
		if (resident_pages(w, start, end) > before / 2)
			return stop_dropping(w, "its filesystem does not let go of data");
		w->checked = true;
	}
	w->dropped_bytes += end - start;
	w->dropped = end;
	return 0;
}

int writer_flush_behind(struct writer *w, uint64_t end)
{
	if (w->from == UINT64_MAX && w->written > w->limit)
		drop_from(w, end);
	while (w->from != UINT64_MAX && end >= w->sent &&
	       end - w->sent >= STRETCH) {
		if (send_out(w, w->sent, w->sent + STRETCH, 0) ||
		    (w->sent > w->dropped && drop(w, w->sent)))
			return -1;
		w->sent += STRETCH;
	}
	return 0;
}

int writer_finish(struct writer *w, uint64_t end)
{
	if (writer_flush_behind(w, end))
		return -1;
	if (w->from == UINT64_MAX || end <= w->from)
		return 0;
	/* First the last whole stretch, so that its effect is checked. */
	if (w->sent > w->dropped && drop(w, w->sent))
		return -1;
	return w->from == UINT64_MAX ? 0 : drop(w, end);
}
