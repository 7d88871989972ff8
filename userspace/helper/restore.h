/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XEN_THAW_RESTORE_H
#define XEN_THAW_RESTORE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "page_cache.h"
#include "plan.h"
#include "pv.h"
#include "stats.h"
#include "engine.h"

struct populator;

/* Not a wait status: nothing is done yet, and the stock helper has to do all. */
#define RESTORE_HAND_OVER	(-1)

/**
 * struct restore - one restore by xen-thaw
 * @argv: of the helper, as libxl gave it
 * @stock: path of the stock helper
 * @io_fd: the save file
 * @before: its state before anything was read
 * @domid: the domain that libxl made
 * @name: of the file, for messages
 * @choice: engine that the user chose; ENGINE_AUTO if none
 * @verify: check the file first
 * @engine: that fills; opened, with @job
 * @job: of the engine
 * @stream: opened
 * @record: if @stream comes from a pipe: offset of the records being restored
 * @plan: of @stream
 * @cache: what to leave of the file in the page cache
 * @page_cache: how that is done
 * @pv: of a PV guest; else NULL
 * @pod: Xen gave the plan's ranges of populate on demand as zeros
 * @clearer: clears the zero pages of a PV guest; NULL: the engine does
 * @stock_ended: the stock helper ended before it had all of the stream
 * @stats: filled in
 */
struct restore {
	char **argv;
	const char *stock;
	int io_fd;
	struct stat before;
	uint32_t domid;
	const char *name;
	enum engine_choice choice;
	bool verify;
	const struct engine *engine;
	struct fill_job job;
	struct stream stream;
	uint64_t record;
	struct plan plan;
	enum cache_mode cache;
	struct page_cache page_cache;
	struct pv *pv;
	bool pod;
	struct populator *clearer;
	bool stock_ended;
	struct stats stats;
};

/**
 * restore_run() - populate, fill, and let the stock helper do the rest
 * @r: the restore
 *
 * Return: RESTORE_HAND_OVER, or a wait status for the helper to end with. It is
 * 0 only after every page was in place before the stock helper saw the END
 * record, and it ended with 0; then the file's offset is just behind END.
 */
int restore_run(struct restore *r);

#endif /* XEN_THAW_RESTORE_H */
