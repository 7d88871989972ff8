/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Zero pages that Xen makes. Xen clears memory that it populates on demand (PoD):
 * a 2 MiB range of a PVH or HVM guest that is marked for it is zero as soon as
 * anybody touches it. That costs less than many copies of a zero page.
 */
#ifndef XEN_THAW_PLAN_POD_H
#define XEN_THAW_PLAN_POD_H

#include "runs.h"

/* Frames of a 2 MiB superpage. */
#define SUPERPAGE_ORDER		9
#define SUPERPAGE_FRAMES	(1U << SUPERPAGE_ORDER)

struct plan;

/**
 * struct plan_pod - what of a plan Xen is to populate on demand
 * @ranges: whole 2 MiB ranges: sorted, disjoint; not in the plan's populate
 * @bare: those of @ranges into which no data goes: nothing else touches them
 * @zero: the zero fills within @ranges; not in the plan's zero. They are needed
 *	only where Xen did not do it
 * @pages: gfns in @ranges
 * @zero_pages: gfns in @zero
 */
struct plan_pod {
	struct ranges ranges;
	struct ranges bare;
	struct fills zero;
	uint64_t pages;
	uint64_t zero_pages;
};

/**
 * plan_pod_least() - zero pages for which Xen clears all of a 2 MiB range for less
 * @pvh_dom0: where a copy by an engine costs four times as much as in a PV dom0
 *
 * docs/performance.md has the figures.
 *
 * Return: pages.
 */
unsigned int plan_pod_least(bool pvh_dom0);

/**
 * plan_choose_pod() - leave zero pages to Xen where there are enough of them
 * @p: of a PVH or HVM guest, just built
 * @least: zero pages that a range needs: plan_pod_least()
 * @fd: the save file; some of its pages that are in the page cache are looked at
 *
 * A range is chosen when all of its gfns are populated and @least of its pages are
 * zero: marked as such, or in the file. The latter is an estimate by samples. In
 * a chosen range all data fills but the first page of each get skip_zero: so each
 * range with data is touched.
 *
 * Return: 0, or -1 without memory; then the plan can only be freed.
 */
int plan_choose_pod(struct plan *p, unsigned int least, int fd);

void plan_pod_free(struct plan_pod *pod);

#endif /* XEN_THAW_PLAN_POD_H */
