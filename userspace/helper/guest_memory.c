// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "forward.h"
#include "guest_memory.h"
#include "message.h"

/* Frames populated between two looks at signals: 1 GiB of them. */
#define FRAMES_PER_POPULATE	(UINT64_C(1) << 18)

static int populate_failed(struct restore *r, uint64_t gfn)
{
	int err = errno;
	uint64_t offset;

	if (r->stream.in)
		offset = r->record;
	else if (stream_find_pfn(&r->stream, gfn, &offset))
		offset = r->stream.start;
	message("%s: offset %llu: gfn %#llx: cannot populate domain %u: %s; either memory is short (xl info free_memory), or the domain was destroyed, or the gfn is beyond it",
		r->name, (unsigned long long)offset, (unsigned long long)gfn,
		r->domid, strerror(err));
	return -1;
}

static int populate_step(struct restore *r, struct populator *pop,
			 const struct plan_range *range, uint64_t done)
{
	uint64_t left = range->nr - done, failed;

	if (restore_check_wanted(r))
		return -1;
	if (populate_range(pop, range->gfn + done,
			   left < FRAMES_PER_POPULATE ? left
						      : FRAMES_PER_POPULATE,
			   &failed))
		return populate_failed(r, failed);
	return 0;
}

int memory_populate(struct restore *r, struct populator *pop,
		    const struct plan_range *range, size_t nr)
{
	for (; nr; nr--, range++) {
		uint64_t done;

		for (done = 0; done < range->nr; done += FRAMES_PER_POPULATE)
			if (populate_step(r, pop, range, done))
				return -1;
	}
	return 0;
}

int memory_wait_populated(struct restore *r, const struct plan_range *range,
			  size_t nr)
{
	uint64_t pfn;

	if (!pv_wait_populated(r->pv, range, nr, &pfn))
		return 0;
	switch (errno) {
	case EINTR:
		return restore_fail(r, "interrupted by a signal");
	case ESRCH:
		return restore_stock_ended(r);
	default:
		message("%s: the stock helper does not report where it put pfn %#llx: restore with XEN_THAW_ENGINE=stock",
			r->name, (unsigned long long)pfn);
		return -1;
	}
}
