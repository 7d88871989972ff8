// SPDX-License-Identifier: GPL-2.0

#include <errno.h>
#include <string.h>

/* xen-compat.h: without it, the handle types of Xen 3.2. */
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__

#include <xencall.h>
#include <xen/xen.h>
#include <xen/memory.h>

#include "populate.h"

int populator_open(struct populator *p, uint32_t domid)
{
	memset(p, 0, sizeof(*p));
	p->domid = domid;
	p->xcall = xencall_open(NULL, 0);
	if (!p->xcall)
		return -1;
	p->frames = xencall_alloc_buffer_pages(p->xcall, 1);
	return p->frames ? 0 : -1;
}

void populator_close(struct populator *p)
{
	if (p->frames)
		xencall_free_buffer_pages(p->xcall, p->frames, 1);
	if (p->xcall)
		xencall_close(p->xcall);
	memset(p, 0, sizeof(*p));
}

int memory_op(struct populator *p, unsigned int op, uint32_t nr,
	      unsigned int order, unsigned int flags)
{
	struct xen_memory_reservation *r;
	int done;

	r = xencall_alloc_buffer(p->xcall, sizeof(*r));
	if (!r)
		return -1;
	memset(r, 0, sizeof(*r));
	set_xen_guest_handle(r->extent_start, (xen_pfn_t *)p->frames);
	r->nr_extents = nr;
	r->extent_order = order;
	r->mem_flags = flags;
	r->domid = p->domid;
	done = xencall2(p->xcall, __HYPERVISOR_memory_op, op, (uintptr_t)r);
	xencall_free_buffer(p->xcall, r);
	return done;
}

/* Populates nr pages of 2^order frames; stops at the first that is refused. */
static int populate_pages(struct populator *p, uint64_t gfn, uint64_t nr,
			  unsigned int order, uint64_t *pages_done)
{
	*pages_done = 0;
	while (*pages_done < nr) {
		uint64_t left = nr - *pages_done;
		uint32_t n = left < FRAMES_PER_CALL ? left : FRAMES_PER_CALL;
		uint32_t i;
		int done;

		for (i = 0; i < n; i++)
			p->frames[i] = gfn + ((*pages_done + i) << order);
		done = memory_op(p, XENMEM_populate_physmap, n, order, 0);
		if (done < 0)
			return -1;
		*pages_done += done;
		if ((uint32_t)done < n) {
			errno = ENOMEM;
			return -1;
		}
	}
	return 0;
}

static int populate_small(struct populator *p, uint64_t gfn, uint64_t nr,
			  uint64_t *failed)
{
	uint64_t done;
	int err = populate_pages(p, gfn, nr, 0, &done);

	*failed = gfn + done;
	return err;
}

int populate_range(struct populator *p, uint64_t gfn, uint64_t nr,
		   uint64_t *failed)
{
	uint64_t head, supers, done;

	head = -gfn & (SUPERPAGE_FRAMES - 1);
	if (head > nr)
		head = nr;
	if (populate_small(p, gfn, head, failed))
		return -1;
	gfn += head;
	nr -= head;

	supers = nr >> SUPERPAGE_ORDER;
	/* Short of 2 MiB pages, Xen may still have as many small ones. */
	populate_pages(p, gfn, supers, SUPERPAGE_ORDER, &done);
	p->superpages += done;
	gfn += done << SUPERPAGE_ORDER;
	nr -= done << SUPERPAGE_ORDER;
	return populate_small(p, gfn, nr, failed);
}

int64_t xen_domain_pages(uint32_t domid)
{
	xencall_handle *xcall = xencall_open(NULL, 0);
	struct xen_memory_domain *arg;
	int64_t pages = -1;

	if (!xcall)
		return -1;
	arg = xencall_alloc_buffer(xcall, sizeof(*arg));
	if (arg) {
		arg->domid = (domid_t)domid;
		pages = xencall2(xcall, __HYPERVISOR_memory_op,
				 XENMEM_current_reservation, (uintptr_t)arg);
		xencall_free_buffer(xcall, arg);
	}
	xencall_close(xcall);
	return pages;
}
