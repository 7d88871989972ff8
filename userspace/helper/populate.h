/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hypercalls of a restore, by libxencall. All are of Xen's stable guest
 * ABI, so that one binary serves every Xen.
 */
#ifndef XEN_THAW_POPULATE_H
#define XEN_THAW_POPULATE_H

#include <stdint.h>

#include "plan_pod.h"

struct xencall_handle;

/**
 * struct populator - gives frames to a domain under construction
 * @xcall: libxencall
 * @domid: the domain
 * @frames: hypercall-safe list of frame numbers
 * @superpages: 2 MiB pages given so far, but for those on demand
 */
struct populator {
	struct xencall_handle *xcall;
	uint32_t domid;
	uint64_t *frames;
	uint64_t superpages;
};

/**
 * populator_open() - prepare
 * @p: filled in
 * @domid: the domain
 *
 * Return: 0, or -1 with errno set.
 */
int populator_open(struct populator *p, uint32_t domid);
void populator_close(struct populator *p);

/**
 * populate_range() - populate gfns, in 2 MiB pages where they fit and Xen has
 * any
 * @p: the populator
 * @gfn: the first; none of them may be populated (Xen would replace the page
 *	silently)
 * @nr: gfns
 * @failed: out: the gfn that Xen did not populate, on failure
 *
 * Return: 0, or -1 with errno set.
 */
int populate_range(struct populator *p, uint64_t gfn, uint64_t nr,
		   uint64_t *failed);

/**
 * memory_op() - XENMEM_populate_physmap or XENMEM_decrease_reservation
 * @p: the populator; the frame numbers are in @p->frames
 * @op: which of the two
 * @nr: extents
 * @order: of each
 * @flags: XENMEMF_*
 *
 * Return: how many extents Xen did, counted from the first; or -1 with errno set.
 */
int memory_op(struct populator *p, unsigned int op, uint32_t nr,
	      unsigned int order, unsigned int flags);

/* Frame numbers that @frames has room for: one page of them. */
#define FRAMES_PER_CALL	512U

/**
 * xen_domain_pages() - pages of memory that a domain has
 * @domid: the domain
 *
 * Return: how many, or -1 with errno set.
 */
int64_t xen_domain_pages(uint32_t domid);

#endif /* XEN_THAW_POPULATE_H */
