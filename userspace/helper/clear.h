/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XEN_THAW_CLEAR_H
#define XEN_THAW_CLEAR_H

#include <stddef.h>

#include "populate.h"

/**
 * clear_frames() - let Xen clear frames of a PV guest
 * @p: a populator of the guest
 * @runs: of mfns; their pages are no page tables
 * @nr: runs in @runs
 *
 * A PV dom0 may do so (Xen, do_mmuext_op(): MMUEXT_CLEAR_PAGE), a PVH dom0 may not.
 *
 * Return: 0, or -1 with errno set: then any of the frames may be cleared, or not.
 */
int clear_frames(struct populator *p, const struct plan_fill *runs, size_t nr);

#endif /* XEN_THAW_CLEAR_H */
