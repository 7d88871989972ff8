// SPDX-License-Identifier: GPL-2.0

#include <errno.h>
#include <string.h>

/* xen-compat.h: without it, the handle types of Xen 3.2. */
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__

#include <xencall.h>
#include <xen/xen.h>
#include <xen/memory.h>

#include "pod.h"

/* Does an operation on 2 MiB extents. Return: how many were done. */
static uint64_t do_range(struct populator *p, const struct plan_range *r,
			 unsigned int op, unsigned int flags)
{
	const uint64_t nr = r->nr >> SUPERPAGE_ORDER;
	uint64_t done = 0;

	while (done < nr) {
		const uint64_t left = nr - done;
		const uint32_t n = left < FRAMES_PER_CALL ? left
							  : FRAMES_PER_CALL;
		uint32_t i;
		int ret;

		for (i = 0; i < n; i++)
			p->frames[i] = r->gfn + ((done + i) << SUPERPAGE_ORDER);
		ret = memory_op(p, op, n, SUPERPAGE_ORDER, flags);
		if (ret > 0)
			done += ret;
		if (ret != (int)n)
			break;
	}
	return done;
}

static int unmark_range(struct populator *p, const struct plan_range *r,
			uint64_t nr)
{
	const struct plan_range part = { .gfn = r->gfn,
					 .nr = nr << SUPERPAGE_ORDER };

	return do_range(p, &part, XENMEM_decrease_reservation, 0) == nr ? 0 : -1;
}

int pod_unmark(struct populator *p, const struct ranges *ranges)
{
	const struct plan_range *r;

	for (r = ranges->v; r < ranges->v + ranges->nr; r++)
		if (unmark_range(p, r, r->nr >> SUPERPAGE_ORDER))
			return -1;
	return 0;
}

int pod_mark(struct populator *p, const struct ranges *ranges)
{
	size_t i;

	for (i = 0; i < ranges->nr; i++) {
		const struct plan_range *r = &ranges->v[i];
		const struct ranges before = { .v = ranges->v, .nr = i };
		const uint64_t done = do_range(p, r, XENMEM_populate_physmap,
					       XENMEMF_populate_on_demand);

		if (done == r->nr >> SUPERPAGE_ORDER)
			continue;
		if (unmark_range(p, r, done) || pod_unmark(p, &before))
			return -1;
		return 1;
	}
	return 0;
}

static int target_op(struct populator *p, unsigned int op,
		     xen_pod_target_t *target)
{
	xen_pod_target_t *arg = xencall_alloc_buffer(p->xcall, sizeof(*arg));
	int ret;

	if (!arg)
		return -1;
	*arg = *target;
	arg->domid = p->domid;
	ret = xencall2(p->xcall, __HYPERVISOR_memory_op, op, (uintptr_t)arg);
	*target = *arg;
	xencall_free_buffer(p->xcall, arg);
	return ret < 0 ? -1 : 0;
}

int pod_provide(struct populator *p, uint64_t pages)
{
	xen_pod_target_t target = { 0 };
	uint64_t want;

	if (target_op(p, XENMEM_get_pod_target, &target))
		return -1;
	want = target.pod_cache_pages + pages;
	target.target_pages = target.tot_pages + pages;
	if (target_op(p, XENMEM_set_pod_target, &target))
		return -1;
	/* Xen does nothing, and says 0, for a domain that is being destroyed. */
	if (target.pod_cache_pages == want)
		return 0;
	errno = ENOMEM;
	return -1;
}

int pod_left(struct populator *p, uint64_t *gfns, uint64_t *pages)
{
	xen_pod_target_t target = { 0 };

	if (target_op(p, XENMEM_get_pod_target, &target))
		return -1;
	*gfns = target.pod_entries;
	*pages = target.pod_cache_pages;
	return 0;
}
