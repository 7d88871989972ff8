/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the zero pages of a guest become zero: by Xen where it can do it, else by the
 * engine.
 */
#ifndef XEN_THAW_ZERO_H
#define XEN_THAW_ZERO_H

#include "populate.h"
#include "restore.h"

/**
 * zero_prepare() - have Xen give zeroed memory, before any other is populated
 * @r: the restore of a PVH or HVM guest
 * @p: the populator
 *
 * Where Xen refuses it, @r->pod stays false, and the plan's ranges are left for
 * populate_range().
 *
 * Return: 0; -1 after a message or restore_stock_ended().
 */
int zero_prepare(struct restore *r, struct populator *p);

/**
 * zero_fill() - make all zero pages zero, after all data is in place
 * @r: the restore
 * @p: the populator
 *
 * On return 0 nothing of populate on demand is left in the domain.
 *
 * Return: 0; -1 after a message or restore_stock_ended().
 */
int zero_fill(struct restore *r, struct populator *p);

#endif /* XEN_THAW_ZERO_H */
