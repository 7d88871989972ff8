/* SPDX-License-Identifier: GPL-2.0 */
/* Gives a domain its memory. */
#ifndef XEN_THAW_GUEST_MEMORY_H
#define XEN_THAW_GUEST_MEMORY_H

#include "populate.h"
#include "restore.h"

/**
 * memory_populate() - give the domain its memory
 * @r: the restore
 * @pop: opened
 * @range: gfns, of which none has memory
 * @nr: ranges
 *
 * Return: 0, or -1 after a message or restore_stock_ended().
 */
int memory_populate(struct restore *r, struct populator *pop,
		    const struct plan_range *range, size_t nr);

/**
 * memory_wait_populated() - wait until the stock helper has populated a PV guest
 * @r: the restore
 * @range: pfns
 * @nr: ranges
 *
 * Return: as memory_populate().
 */
int memory_wait_populated(struct restore *r, const struct plan_range *range,
			  size_t nr);

#endif /* XEN_THAW_GUEST_MEMORY_H */
