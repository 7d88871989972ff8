/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A restore that leaves dom0's page cache as it was. Pages that are there are used
 * and stay: others may need them. Other pages are read past the page cache; if that
 * is not possible, they are dropped from it as soon as they are in the guest.
 */
#ifndef XEN_THAW_PAGE_CACHE_H
#define XEN_THAW_PAGE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "env.h"
#include "plan.h"
#include "runs.h"

/**
 * struct page_cache - the page cache, as a restore finds and leaves it
 * @name: of the file, for messages
 * @fd: the file
 * @on: leave no new pages in the page cache; if not set, all below is unused
 * @direct: try to read past the page cache
 * @requested: the user chose it by name, and is told what was done
 * @map: mapping of the file from @map_start on, for mincore() only
 * @map_start: offset in the file, page-aligned
 * @map_len: bytes
 * @cold: pages of the runs looked at last that were not in the page cache, by
 *	their number in the file
 * @warm_pages: pages that were in the page cache
 * @direct_pages: pages that were read past it
 * @behind_pages: pages that were read through it, and dropped
 */
struct page_cache {
	const char *name;
	int fd;
	bool on;
	bool direct;
	bool requested;
	uint8_t *map;
	uint64_t map_start;
	uint64_t map_len;
	struct ranges cold;
	uint64_t warm_pages;
	uint64_t direct_pages;
	uint64_t behind_pages;
};

/**
 * page_cache_open() - decide whether a restore leaves the page cache as it is
 * @d: filled in; page_cache_close() is due
 * @mode: CACHE_AUTO decides by the bytes to be read and the memory available
 * @fd: the file
 * @name: of it
 * @plan: what is read
 * @can_direct: the engine can read past the page cache
 */
void page_cache_open(struct page_cache *d, enum cache_mode mode, int fd,
		     const char *name, const struct plan *plan,
		     bool can_direct);

/**
 * page_cache_close() - tell what was done, if the user asked for it, and free
 * @d: opened, or all zero
 */
void page_cache_close(struct page_cache *d);

/**
 * page_cache_look() - find out which of the next runs are in the page cache
 * @d: opened
 * @fills: runs, all of data or all zero
 * @nr: runs, at least 1
 *
 * Return: how many runs, from the first, are alike: all pages of each run are in
 * the page cache, or pages of each run are missing. @nr if @d->on is not set.
 */
size_t page_cache_look(struct page_cache *d, const struct plan_fill *fills,
		       size_t nr);

/**
 * page_cache_wants_direct() - whether the runs looked at are to be read directly
 * @d: opened
 */
bool page_cache_wants_direct(const struct page_cache *d);

/**
 * page_cache_refused() - do without direct reads, which were refused
 * @d: opened
 * @why: the cause
 */
void page_cache_refused(struct page_cache *d, const char *why);

/**
 * page_cache_drop() - drop the pages of the runs looked at that were not there before
 * @d: opened
 */
void page_cache_drop(struct page_cache *d);

/**
 * page_cache_frames() - frames to be filled between two calls of page_cache_look()
 * @d: opened
 * @frames: how many there are if nothing is dropped
 */
uint64_t page_cache_frames(const struct page_cache *d, uint64_t frames);

/**
 * page_cache_how() - how a restore treated the page cache, for the statistics
 * @d: opened, or all zero
 *
 * Return: "keep", "direct" or "drop-behind".
 */
const char *page_cache_how(const struct page_cache *d);

#endif /* XEN_THAW_PAGE_CACHE_H */
