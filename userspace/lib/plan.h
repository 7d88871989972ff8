/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a restore has to do, found in one pass over the stream: which gfns to
 * populate, which bytes of the file go where, and which gfns become zero. Memory
 * and time are O(runs), never O(pages).
 */
#ifndef XEN_THAW_PLAN_H
#define XEN_THAW_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan_pod.h"
#include "plan_pv.h"
#include "runs.h"
#include "stream.h"

/**
 * struct plan - all that a restore does to the guest's memory
 * @populate: gfns to populate: sorted, disjoint, merged
 * @nr_populate: ranges in @populate
 * @data: fills from the file: disjoint (a pfn sent more than once is filled
 *	once, with its last contents), in the order of the file
 * @nr_data: runs in @data
 * @zero: fills with zero: sorted by gfn, disjoint from each other and @data:
 *	populated gfns that never come with data, or whose data lies in a hole
 * @nr_zero: runs in @zero
 * @pages: gfns in @populate
 * @zero_pages: gfns in @zero
 * @end: offset of the END record's header
 * @first_after_data: offset of the first record after the last PAGE_DATA; of the
 *	first record if there is no PAGE_DATA
 * @head_end: before it are all the records that the stock helper has to see before
 *	@first_after_data, but for the PAGE_DATA of a PV guest
 * @whole: the members above are known
 * @pv: of a PV guest
 * @pod: what plan_choose_pod() took out of the lists above
 */
struct plan {
	struct plan_range *populate;
	size_t nr_populate;
	struct plan_fill *data;
	size_t nr_data;
	struct plan_fill *zero;
	size_t nr_zero;
	uint64_t pages;
	uint64_t zero_pages;
	uint64_t end;
	uint64_t first_after_data;
	uint64_t head_end;
	bool whole;
	struct pv_pages pv;
	struct plan_pod pod;
};

/**
 * plan_build() - walk a stream from its first record to END
 * @p: filled in; plan_free() is due also after a failure
 * @s: an open stream, at its first record
 *
 * Types as the stock helper treats them (xg_sr_restore.c): a pfn is populated
 * when it is listed at least once with a type other than XTAB and BROKEN; a
 * later entry without data leaves earlier contents as they are.
 *
 * The offset of @s->fd moves while the function looks for holes, and is put back.
 *
 * Return: 0; 1 with @s->error set if only the stock helper can restore the stream
 * (see walk_records() and pv_pages_record()); -1 with @s->error set.
 */
int plan_build(struct plan *p, struct stream *s);

/**
 * plan_free() - release what a plan holds
 * @p: built, or all zero
 */
void plan_free(struct plan *p);

/**
 * plan_remove_kept() - take out of a plan what the stock helper fills
 * @p: of a PV guest
 *
 * Return: 0, or -1 without memory.
 */
int plan_remove_kept(struct plan *p);

/**
 * plan_data_bytes() - how many bytes of the file have to be read
 * @p: a plan
 *
 * Return: bytes.
 */
uint64_t plan_data_bytes(const struct plan *p);

/**
 * plan_refusal() - why the headers alone say that only the stock helper can
 * restore a stream
 * @s: an open stream
 *
 * Return: the cause, or NULL if plan_build() decides.
 */
const char *plan_refusal(const struct stream *s);

#endif /* XEN_THAW_PLAN_H */
