// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "message.h"
#include "writer.h"
#include "stream.h"

/*
 * Bytes that are sent to the disk at once, and dropped while the next ones are
 * sent. A multiple of any folio: of those that are dropped in part nothing goes.
 */
#ifndef STRETCH
#define STRETCH	(8U << 20)
#endif

/* Pages in the page cache, for a look at whether they go. */
#define ENOUGH		256U

void save_cache_init(struct save_cache *c, int fd, const char *name,
		     enum cache_mode mode, uint64_t start)
{
	uint64_t available = 0;

	memset(c, 0, sizeof(*c));
	c->fd = fd;
	c->name = name;
	c->from = UINT64_MAX;
	if (mode == CACHE_DROP)
		c->from = start;
	if (mode == CACHE_AUTO) {
		available = mem_available();
		if (available)
			c->from = start + available / 2;
		else
			message("cannot tell how much memory is available: %s stays in the page cache",
				name);
	}
	if (c->from != UINT64_MAX)
		c->from -= c->from % STRETCH;
	c->sent = c->from;
	c->dropped = c->from;
}

/* Pages of a part of the file that are in the page cache; not its holes. */
static size_t resident_pages(struct save_cache *c, uint64_t start, uint64_t end)
{
	static unsigned char in_core[STRETCH / XT_PAGE_SIZE];
	size_t size = (size_t)(end - start), pages = size / XT_PAGE_SIZE;
	size_t resident = 0, i;
	void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, c->fd,
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

static int give_up(struct save_cache *c, const char *why)
{
	message("%s: %s: it stays in the page cache", c->name, why);
	c->from = UINT64_MAX;
	return 0;
}

/* A disk that fails shows here; a filesystem that does not know this, too. */
static int send_out(struct save_cache *c, uint64_t start, uint64_t end,
		    unsigned int flags)
{
	int ret;

	do
		ret = sync_file_range(c->fd, (off_t)start, (off_t)(end - start),
				      SYNC_FILE_RANGE_WRITE | flags);
	while (ret && errno == EINTR);
	if (ret && (errno == EINVAL || errno == ENOSYS || errno == ESPIPE))
		return give_up(c, "its filesystem does not say when data is on disk");
	return ret;
}

static int drop(struct save_cache *c, uint64_t end)
{
	uint64_t start = c->dropped;
	size_t before = 0;

	/* To the kernel no bytes are all that there are. */
	if (end == start)
		return 0;
	if (send_out(c, start, end, SYNC_FILE_RANGE_WAIT_BEFORE |
				    SYNC_FILE_RANGE_WAIT_AFTER))
		return -1;
	if (c->from == UINT64_MAX)
		return 0;
	if (!c->checked)
		before = resident_pages(c, start, end);
	posix_fadvise(c->fd, (off_t)start, (off_t)(end - start),
		      POSIX_FADV_DONTNEED);
	if (before >= ENOUGH) {
		if (resident_pages(c, start, end) > before / 2)
			return give_up(c, "its filesystem does not let go of data");
		c->checked = true;
	}
	c->bytes += end - start;
	c->dropped = end;
	return 0;
}

int save_cache_written(struct save_cache *c, uint64_t pos)
{
	while (c->from != UINT64_MAX && pos >= c->sent &&
	       pos - c->sent >= STRETCH) {
		if (send_out(c, c->sent, c->sent + STRETCH, 0) ||
		    (c->sent > c->dropped && drop(c, c->sent)))
			return -1;
		c->sent += STRETCH;
	}
	return 0;
}

int save_cache_finish(struct save_cache *c, uint64_t pos)
{
	if (save_cache_written(c, pos))
		return -1;
	if (c->from == UINT64_MAX || pos <= c->from)
		return 0;
	/* First the last whole window, so that it is looked at. */
	if (c->sent > c->dropped && drop(c, c->sent))
		return -1;
	return c->from == UINT64_MAX ? 0 : drop(c, pos);
}
