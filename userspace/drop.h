/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A restore that leaves dom0's page cache as it was. What is there is used, and
 * stays: others may want it. What is not is read past the page cache, or, where
 * that cannot be done, dropped as soon as it is in the guest.
 */
#ifndef XEN_THAW_DROP_H
#define XEN_THAW_DROP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cache.h"
#include "plan.h"
#include "runs.h"

/**
 * struct drop - the page cache, as a restore finds and leaves it
 * @name: of the file, for messages
 * @fd: the file
 * @on: leave nothing; else all below is unused
 * @direct: reads past the page cache are to be tried
 * @asked: the user asked for it, and is told what was done
 * @map: mapping of the file from @map_start on, for mincore() only
 * @map_start: offset in the file, page-aligned
 * @map_len: bytes
 * @cold: pages, by their number in the file, of the runs looked at last that
 *	were not in the page cache
 * @warm_pages: that were there and stay
 * @direct_pages: that were read past the page cache
 * @behind_pages: that were dropped again
 */
struct drop {
	const char *name;
	int fd;
	bool on;
	bool direct;
	bool asked;
	uint8_t *map;
	uint64_t map_start;
	uint64_t map_len;
	struct ranges cold;
	uint64_t warm_pages;
	uint64_t direct_pages;
	uint64_t behind_pages;
};

/**
 * drop_open() - decide whether a restore leaves the page cache as it is
 * @d: filled in; drop_close() is due
 * @wish: CACHE_AUTO decides by the bytes to be read and the memory available
 * @fd: the file
 * @name: of it
 * @plan: what is read
 * @can_direct: the engine can read past the page cache
 */
void drop_open(struct drop *d, enum cache_wish wish, int fd, const char *name,
	       const struct plan *plan, bool can_direct);

/**
 * drop_close() - tell what was done, where it was asked for, and free
 * @d: opened, or all zero
 */
void drop_close(struct drop *d);

/**
 * drop_look() - find out what of the next runs is in the page cache
 * @d: opened
 * @fills: runs, all of data or all zero
 * @nr: runs, at least 1
 *
 * Return: how many of the runs, from the first, are alike: all of each is in
 * the page cache, or of none is all there. All of them where @d->on is not set.
 */
size_t drop_look(struct drop *d, const struct plan_fill *fills, size_t nr);

/**
 * drop_wants_direct() - whether the runs looked at are to be read directly
 * @d: opened
 */
bool drop_wants_direct(const struct drop *d);

/**
 * drop_refused() - direct reads are refused: do without from now on
 * @d: opened
 * @why: the cause
 */
void drop_refused(struct drop *d, const char *why);

/**
 * drop_behind() - drop what was not there before the runs looked at were read
 * @d: opened
 */
void drop_behind(struct drop *d);

/**
 * drop_frames() - frames to be filled between two calls of drop_look()
 * @d: opened
 * @frames: without a drop
 */
uint64_t drop_frames(const struct drop *d, uint64_t frames);

/**
 * drop_how() - how a restore treated the page cache, for the statistics
 * @d: opened, or all zero
 *
 * Return: "keep", "direct" or "drop-behind".
 */
const char *drop_how(const struct drop *d);

#endif /* XEN_THAW_DROP_H */
