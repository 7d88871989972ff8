// SPDX-License-Identifier: GPL-2.0

#include <stdlib.h>

#include "clear.h"
#include "fill_runs.h"
#include "forward.h"
#include "progress.h"

/* Frames filled between two looks at the progress bar and at signals. */
#define FRAMES_PER_STEP	16384U

/*
 * Clears frames of a PV guest. Return: false if the engine has to do it, now and
 * later.
 */
static bool cleared(struct restore *r, const struct fills *mfns)
{
	size_t i;

	if (!r->clearer)
		return false;
	if (clear_frames(r->clearer, mfns->v, mfns->nr)) {
		r->stats.zero_refused = "Xen does not clear frames of a PV guest for this dom0";
		r->clearer = NULL;
		return false;
	}
	for (i = 0; i < mfns->nr; i++)
		r->stats.zero_by_xen += mfns->v[i].nr;
	return true;
}

/*
 * Fills runs; those of a PV guest where the stock helper put their pfns.
 * Return: 0, or -1 with the job's error set.
 */
static int fill_group(struct restore *r, const struct plan_fill *fills,
		      size_t nr)
{
	struct fills mfns = { 0 };
	size_t i;
	int err = 0;

	r->job.direct_refused = false;
	if (!r->pv)
		return r->engine->fill(&r->job, fills, nr);
	for (i = 0; !err && i < nr; i++)
		err = pv_translate(r->pv, &fills[i], &mfns);
	if (err)
		fill_fail(&r->job, "no memory for a list of frames");
	else if (!fills->zero || !cleared(r, &mfns))
		err = r->engine->fill(&r->job, mfns.v, mfns.nr);
	free(mfns.v);
	return err;
}

/* Fills runs, in groups that the page cache has, or has not. */
static int fill_step(struct restore *r, const struct plan_fill *fills,
		     size_t nr)
{
	while (nr) {
		size_t n = page_cache_look(&r->page_cache, fills, nr);
		int err;

		r->job.direct = page_cache_wants_direct(&r->page_cache);
		err = fill_group(r, fills, n);
		if (err && r->job.direct_refused) {
			page_cache_refused(&r->page_cache, r->job.error);
			continue;
		}
		page_cache_drop(&r->page_cache);
		if (err)
			return restore_fail(r, r->job.error);
		fills += n;
		nr -= n;
	}
	return 0;
}

int fill_runs(struct restore *r, const struct plan_fill *fills, size_t nr)
{
	while (nr) {
		const uint64_t step = page_cache_frames(&r->page_cache, FRAMES_PER_STEP);
		uint64_t frames = 0;
		size_t n = 0;

		if (restore_check_wanted(r))
			return -1;
		while (n < nr && frames < step)
			frames += fills[n++].nr;
		if (fill_step(r, fills, n))
			return -1;
		progress_add(frames);
		fills += n;
		nr -= n;
	}
	return 0;
}
