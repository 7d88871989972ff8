/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Populate on demand, by Xen's stable hypercalls. While a restore runs, each marked
 * gfn has its page in a cache of the domain: Xen crashes a domain that needs more.
 * Afterwards nothing is left of either, and the guest is an ordinary one.
 */
#ifndef XEN_THAW_POD_H
#define XEN_THAW_POD_H

#include "populate.h"

/**
 * pod_mark() - mark 2 MiB ranges
 * @p: the populator of a PVH or HVM domain
 * @ranges: whole 2 MiB ranges, none of them populated
 *
 * Xen refuses it where a device is passed through.
 *
 * Return: 0; 1 if Xen refuses it, and nothing is marked; -1 if it could not be
 * undone, and the domain has to be destroyed.
 */
int pod_mark(struct populator *p, const struct ranges *ranges);

/**
 * pod_unmark() - undo pod_mark(), before anything touched the ranges
 * @p: the populator
 * @ranges: as for pod_mark()
 *
 * Return: 0, or -1.
 */
int pod_unmark(struct populator *p, const struct ranges *ranges);

/**
 * pod_provide() - give the domain zeroed pages for marked gfns
 * @p: the populator
 * @pages: how many more than it has
 *
 * Return: 0, or -1 with errno set.
 */
int pod_provide(struct populator *p, uint64_t pages);

/**
 * pod_left() - see what is left of populate on demand
 * @p: the populator
 * @gfns: out: marked, and nobody has touched them
 * @pages: out: in the domain's cache
 *
 * Return: 0, or -1 with errno set.
 */
int pod_left(struct populator *p, uint64_t *gfns, uint64_t *pages);

#endif /* XEN_THAW_POD_H */
