// SPDX-License-Identifier: GPL-2.0

#include <errno.h>
#include <string.h>

#include "clear.h"
#include "fill_runs.h"
#include "forward.h"
#include "message.h"
#include "pod.h"
#include "progress.h"
#include "zero.h"

/* Pages that Xen clears between two looks at signals: 1 GiB of them. */
#define PAGES_PER_PROVIDE	(UINT64_C(1) << 18)

/* 2 MiB ranges that are touched in one step. */
#define TOUCHES_PER_STEP	64U

/* Return: 0; 1 if Xen has no memory or does not give it; -1 after a message. */
static int provide(struct restore *r, struct populator *p)
{
	uint64_t left = r->plan.pod.pages, n;

	for (; left; left -= n) {
		if (restore_check_wanted(r))
			return -1;
		n = left < PAGES_PER_PROVIDE ? left : PAGES_PER_PROVIDE;
		if (pod_provide(p, n))
			return 1;
	}
	return 0;
}

static int fail_to_unmark(const struct restore *r)
{
	message("%s: domain %u: Xen does not take back what was marked for populate on demand; was the domain destroyed?",
		r->name, r->domid);
	return -1;
}

int zero_prepare(struct restore *r, struct populator *p)
{
	const struct ranges *ranges = &r->plan.pod.ranges;
	int ret;

	if (!ranges->nr)
		return 0;
	ret = pod_mark(p, ranges);
	if (ret < 0)
		return fail_to_unmark(r);
	if (ret) {
		r->stats.zero_refused = "Xen does not mark memory for populate on demand";
		return 0;
	}
	ret = provide(r, p);
	if (ret < 0)
		return -1;
	r->pod = !ret;
	if (r->pod)
		return 0;
	r->stats.zero_refused = "Xen does not give memory for populate on demand";
	return pod_unmark(p, ranges) ? fail_to_unmark(r) : 0;
}

/* Writes one zero page in each 2 MiB range that has no data. */
static int touch_bare(struct restore *r)
{
	struct plan_fill touch[TOUCHES_PER_STEP];
	const struct ranges *bare = &r->plan.pod.bare;
	const struct plan_range *range;
	size_t nr = 0;

	for (range = bare->v; range < bare->v + bare->nr; range++) {
		uint64_t done;

		for (done = 0; done < range->nr; done += SUPERPAGE_FRAMES) {
			touch[nr++] = (struct plan_fill){
				.gfn = range->gfn + done,
				.nr = 1,
				.zero = true,
			};
			if (nr < TOUCHES_PER_STEP)
				continue;
			if (fill_runs(r, touch, nr))
				return -1;
			nr = 0;
		}
	}
	return nr ? fill_runs(r, touch, nr) : 0;
}

static int check_left(struct restore *r, struct populator *p, uint64_t *gfns)
{
	uint64_t pages;

	if (!pod_left(p, gfns, &pages)) {
		if (*gfns || !pages)
			return 0;
		errno = EBUSY;
	}
	message("%s: domain %u: populate on demand does not end: %s", r->name,
		r->domid, strerror(errno));
	return -1;
}

/*
 * Without free 2 MiB pages Xen gives the pages of a range one by one, as each is
 * touched. So all of them are written.
 */
static int resolve(struct restore *r, struct populator *p)
{
	const struct plan *plan = &r->plan;
	uint64_t gfns;

	if (check_left(r, p, &gfns))
		return -1;
	if (!gfns)
		return 0;
	r->stats.zero_refused = "Xen had no 2 MiB pages left";
	r->job.skip_zero = false;
	r->job.skipped = 0;
	if (fill_runs(r, plan->data, plan->nr_data) ||
	    fill_runs(r, plan->pod.zero.v, plan->pod.zero.nr) ||
	    check_left(r, p, &gfns))
		return -1;
	if (!gfns)
		return 0;
	message("%s: domain %u: %llu pages are still to be populated on demand",
		r->name, r->domid, (unsigned long long)gfns);
	return -1;
}

int zero_fill(struct restore *r, struct populator *p)
{
	const struct plan *plan = &r->plan;

	r->clearer = r->pv ? p : NULL;
	if (fill_runs(r, plan->zero, plan->nr_zero))
		return -1;
	if (!r->pod)
		return fill_runs(r, plan->pod.zero.v, plan->pod.zero.nr);
	if (touch_bare(r) || resolve(r, p))
		return -1;
	if (r->stats.zero_refused)
		return 0;
	r->stats.zero_by_xen = plan->pod.zero_pages;
	r->stats.superpages += plan->pod.pages >> SUPERPAGE_ORDER;
	return 0;
}
