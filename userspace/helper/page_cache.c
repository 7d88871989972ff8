// SPDX-License-Identifier: GPL-2.0

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "page_cache.h"
#include "message.h"

/* Pages looked up in one call: a byte each. */
#define LOOK_PAGES	4096U

/* Frames that are read before their pages are dropped: 16 MiB. */
#define FRAMES_BEHIND	4096U

/* Linux reads ahead at least that much, whatever the disk: 128 KiB. */
#define FETCH_PAGES	32U

#define MIB_PAGES	256U

static void give_up(struct page_cache *d, const char *what)
{
	message("%s: %s: %s: what is read stays in the page cache", d->name,
		what, strerror(errno));
	d->on = false;
	d->cold.nr = 0;
}

static bool wants_drop(enum cache_mode mode, const struct plan *plan)
{
	uint64_t available;

	if (mode != CACHE_AUTO)
		return mode == CACHE_DROP;
	available = mem_available();
	/* 0: not known; then nothing is dropped. */
	return available && plan_data_bytes(plan) > available / 2;
}

/* For mincore(); the pages of the mapping are never touched. */
static int map_data(struct page_cache *d, const struct plan *plan)
{
	const struct plan_fill *last = &plan->data[plan->nr_data - 1];
	const uint64_t end = last->offset + (uint64_t)last->nr * XT_PAGE_SIZE;
	void *map;

	d->map_start = plan->data[0].offset / XT_PAGE_SIZE * XT_PAGE_SIZE;
	d->map_len = end - d->map_start;
	map = mmap(NULL, d->map_len, PROT_READ, MAP_SHARED, d->fd,
		   d->map_start);
	if (map == MAP_FAILED)
		return -1;
	d->map = map;
	return 0;
}

void page_cache_open(struct page_cache *d, enum cache_mode mode, int fd,
		     const char *name, const struct plan *plan,
		     bool can_direct)
{
	*d = (struct page_cache){
		.name = name,
		.fd = fd,
		.on = plan->nr_data && wants_drop(mode, plan),
		.direct = can_direct,
		.requested = mode == CACHE_DROP,
	};
	if (!d->on)
		return;
	/* Readahead would bring in pages before they are looked at. */
	errno = posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	if (errno)
		give_up(d, "cannot turn off readahead");
	else if (map_data(d, plan))
		give_up(d, "cannot map the file");
	else if (d->requested && !can_direct)
		message("%s: the engine or module has no direct reads: the file is read through the page cache, and dropped behind",
			name);
}

void page_cache_close(struct page_cache *d)
{
	if (d->requested && d->on)
		message("%s: %llu MiB were in the page cache and stay, %llu MiB were read directly, %llu MiB were read and dropped",
			d->name,
			(unsigned long long)d->warm_pages / MIB_PAGES,
			(unsigned long long)d->direct_pages / MIB_PAGES,
			(unsigned long long)d->behind_pages / MIB_PAGES);
	if (d->map) {
		munmap(d->map, d->map_len);
		/* libxl uses the same open file description. */
		posix_fadvise(d->fd, 0, 0, POSIX_FADV_NORMAL);
	}
	free(d->cold.v);
	d->cold = (struct ranges){ 0 };
	d->map = NULL;
}

/* Lists the cold pages of a part. Return: how many, or -1 with errno set. */
static int look_at(struct page_cache *d, uint64_t first, unsigned int nr)
{
	unsigned char there[LOOK_PAGES];
	unsigned int i, cold = 0;

	if (mincore(d->map + (first * XT_PAGE_SIZE - d->map_start),
		    (size_t)nr * XT_PAGE_SIZE, there))
		return -1;
	for (i = 0; i < nr; i++) {
		if (there[i] & 1)
			continue;
		if (ranges_add(&d->cold, first + i, 1)) {
			errno = ENOMEM;
			return -1;
		}
		cold++;
	}
	return cold;
}

/* Return: 1 if some of a run's pages are cold, 0 if not, -1 with errno set. */
static int look_at_run(struct page_cache *d, const struct plan_fill *fill)
{
	const uint64_t bytes = (uint64_t)fill->nr * XT_PAGE_SIZE;
	uint64_t page = fill->offset / XT_PAGE_SIZE;
	uint64_t end = (fill->offset + bytes + XT_PAGE_SIZE - 1) / XT_PAGE_SIZE;
	bool cold = false;

	while (page < end) {
		uint64_t n = end - page < LOOK_PAGES ? end - page : LOOK_PAGES;

		int ret = look_at(d, page, n);

		if (ret < 0)
			return -1;
		cold |= ret > 0;
		page += n;
	}
	return cold;
}

/* Has the disk read the pages that are needed, and no others. */
static void fetch(const struct page_cache *d)
{
	const struct plan_range *r;

	for (r = d->cold.v; r < d->cold.v + d->cold.nr; r++) {
		uint64_t at;

		for (at = 0; at < r->nr; at += FETCH_PAGES) {
			uint64_t n = r->nr - at < FETCH_PAGES ? r->nr - at
							      : FETCH_PAGES;

			posix_fadvise(d->fd, (r->gfn + at) * XT_PAGE_SIZE,
				      n * XT_PAGE_SIZE, POSIX_FADV_WILLNEED);
		}
	}
}

size_t page_cache_look(struct page_cache *d, const struct plan_fill *fills,
		       size_t nr)
{
	int first = 0;
	size_t n;

	d->cold.nr = 0;
	if (!d->on || fills->zero)
		return nr;
	for (n = 0; n < nr; n++) {
		int cold = look_at_run(d, &fills[n]);

		if (cold < 0) {
			give_up(d, "cannot find out what is in the page cache");
			return nr;
		}
		if (!n)
			first = cold;
		if (cold != first)
			break;
		if (!cold)
			d->warm_pages += fills[n].nr;
	}
	if (!first)
		d->cold.nr = 0;	/* of the run that differs: it comes next time */
	else if (!d->direct)
		fetch(d);
	return n;
}

bool page_cache_wants_direct(const struct page_cache *d)
{
	return d->on && d->direct && d->cold.nr;
}

void page_cache_refused(struct page_cache *d, const char *why)
{
	d->direct = false;
	if (d->requested)
		message("%s: cannot be read directly: %s: it is read through the page cache, and dropped behind",
			d->name, why);
}

void page_cache_drop(struct page_cache *d)
{
	uint64_t *pages = d->direct ? &d->direct_pages : &d->behind_pages;
	const struct plan_range *r;

	/*
	 * Also after direct reads: what some filesystems cannot read directly,
	 * they read through the page cache (btrfs: compressed extents).
	 */
	for (r = d->cold.v; r < d->cold.v + d->cold.nr; r++) {
		posix_fadvise(d->fd, r->gfn * XT_PAGE_SIZE,
			      r->nr * XT_PAGE_SIZE, POSIX_FADV_DONTNEED);
		*pages += r->nr;
	}
	d->cold.nr = 0;
}

uint64_t page_cache_frames(const struct page_cache *d, uint64_t frames)
{
	return d->on && !d->direct ? FRAMES_BEHIND : frames;
}

const char *page_cache_how(const struct page_cache *d)
{
	if (d->behind_pages)
		return "drop-behind";
	return d->direct_pages ? "direct" : "keep";
}
