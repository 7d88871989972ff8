/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Growing arrays of runs of gfns, and what the planner does with them: sort,
 * merge, subtract. All of it takes O(n log n), whatever the runs are.
 */
#ifndef XEN_THAW_RUNS_H
#define XEN_THAW_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct plan_fill - a run of gfns to be filled
 * @gfn: the first
 * @offset: of their contents in the file; 0 where @zero
 * @nr: gfns
 * @zero: they become zero
 * @skip_zero: where Xen gave zeros (plan_pod.h), contents that are zero need not
 *	be written
 *
 * Layout and order suit every engine: data in the order of the file.
 */
struct plan_fill {
	uint64_t gfn;
	uint64_t offset;
	uint32_t nr;
	bool zero;
	bool skip_zero;
};

/**
 * struct plan_range - a range of gfns
 * @gfn: the first
 * @nr: gfns
 */
struct plan_range {
	uint64_t gfn;
	uint64_t nr;
};

/**
 * struct ranges - an array of ranges of gfns
 * @v: the ranges
 * @nr: ranges in @v
 * @cap: ranges that @v has room for
 */
struct ranges {
	struct plan_range *v;
	size_t nr;
	size_t cap;
};

/**
 * struct fills - an array of fills
 * @v: the fills
 * @nr: fills in @v
 * @cap: fills that @v has room for
 */
struct fills {
	struct plan_fill *v;
	size_t nr;
	size_t cap;
};

/**
 * ranges_add() - append a range, to the last one where it continues that
 * @r: the array
 * @gfn: the first
 * @nr: gfns
 *
 * Return: 0, or -1 without memory.
 */
int ranges_add(struct ranges *r, uint64_t gfn, uint64_t nr);

/**
 * ranges_normalize() - sort, and merge what overlaps or touches
 * @r: the array
 */
void ranges_normalize(struct ranges *r);

/**
 * range_at() - find the range that has a gfn, or else the next one
 * @v: ranges, sorted and disjoint
 * @nr: ranges in @v
 * @gfn: the gfn
 *
 * Return: the first range that ends above @gfn, or NULL.
 */
const struct plan_range *range_at(const struct plan_range *v, size_t nr,
				  uint64_t gfn);

/**
 * fills_add() - append a fill, to the last one where it continues that
 * @f: the array
 * @run: the fill
 *
 * Return: 0, or -1 without memory.
 */
int fills_add(struct fills *f, const struct plan_fill *run);

/**
 * fill_cut() - take the first gfns off a fill
 * @left: the fill; becomes the rest of it, perhaps none
 * @nr: gfns, at most @left's
 *
 * Return: the first @nr, with their place in the file.
 */
struct plan_fill fill_cut(struct plan_fill *left, uint32_t nr);

/**
 * fills_resolve() - make data fills disjoint; the highest offset wins
 * @f: fills from the file, in any order; sorted by gfn afterwards
 *
 * n fills become at most 2n - 1.
 *
 * Return: 0, or -1 without memory, @f as before but for the order.
 */
int fills_resolve(struct fills *f);

/**
 * fills_sort_by_offset() - sort data fills as they lie in the file
 * @f: the array
 */
void fills_sort_by_offset(struct fills *f);

/**
 * fills_normalize_zero() - sort by gfn, and merge what touches
 * @f: zero fills, disjoint
 */
void fills_normalize_zero(struct fills *f);

/**
 * fills_add_rest() - append zero fills for the gfns that no data fills
 * @zero: appended to
 * @all: ranges: sorted, disjoint
 * @data: fills: sorted by gfn, disjoint, all of them within @all
 *
 * Return: 0, or -1 without memory.
 */
int fills_add_rest(struct fills *zero, const struct ranges *all,
		   const struct fills *data);

#endif /* XEN_THAW_RUNS_H */
