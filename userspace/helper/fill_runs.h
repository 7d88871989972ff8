/* SPDX-License-Identifier: GPL-2.0 */
/* Runs of a plan, given to the engine in steps. */
#ifndef XEN_THAW_FILL_RUNS_H
#define XEN_THAW_FILL_RUNS_H

#include <stddef.h>

#include "restore.h"

/**
 * fill_runs() - fill runs of the plan, in steps that end at a run's end
 * @r: the restore; its guest is populated
 * @fills: runs, either all zero or all with data
 * @nr: runs in @fills
 *
 * Between two steps it looks at signals, at the stock helper, and at what the page
 * cache has of the file. The progress bar moves on.
 *
 * Return: 0 with all frames in place; -1 after a message or restore_stock_ended().
 */
int fill_runs(struct restore *r, const struct plan_fill *fills, size_t nr);

#endif /* XEN_THAW_FILL_RUNS_H */
