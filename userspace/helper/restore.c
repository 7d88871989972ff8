// SPDX-License-Identifier: GPL-2.0
/*
 * The flow of a restore: the page data goes through a fill engine, every other
 * record through a pipe to the stock helper.
 *
 * END is forwarded only when every page is in place. After any failure the
 * pipe is closed without it: the stock helper fails, and libxl destroys the
 * domain.
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"
#include "fill_runs.h"
#include "forward.h"
#include "guest_memory.h"
#include "message.h"
#include "progress.h"
#include "restore.h"
#include "session.h"
#include "stock.h"
#include "zero.h"

static int populate_all(struct restore *r, struct populator *pop)
{
	const struct plan *p = &r->plan;

	if (zero_prepare(r, pop))
		return -1;
	if (!r->pod && memory_populate(r, pop, p->pod.ranges.v,
				       p->pod.ranges.nr))
		return -1;
	return memory_populate(r, pop, p->populate, p->nr_populate);
}

static int fill_all(struct restore *r, struct populator *pop)
{
	const struct plan *p = &r->plan;
	int err;

	r->job.skip_zero = r->pod;
	progress_start(p->pages);
	err = fill_runs(r, p->data, p->nr_data);
	if (!err)
		err = zero_fill(r, pop);
	progress_clear();
	return err;
}

static int populate_and_fill(struct restore *r)
{
	const struct plan *p = &r->plan;
	struct populator pop;
	double start = clock_now();
	int err;

	err = populator_open(&pop, r->domid);
	if (err) {
		message("cannot make hypercalls (/dev/xen/privcmd): %s",
			strerror(errno));
		goto out_close;
	}
	err = r->pv ? memory_wait_populated(r, p->populate, p->nr_populate) :
		      populate_all(r, &pop);
	r->stats.superpages = pop.superpages;
	r->stats.populate_s = clock_now() - start;
	if (err)
		goto out_close;

	start = clock_now();
	err = fill_all(r, &pop);
	r->stats.fill_s = clock_now() - start;
	r->stats.hypercalls = r->job.hypercalls;
	r->stats.copy_ops = r->job.copy_ops;
	r->stats.zero_skipped = r->job.skipped;
out_close:
	populator_close(&pop);
	return err;
}

/* A file that changed meanwhile may have given old and new pages. */
static int check_unchanged(struct restore *r)
{
	if (file_is_unchanged(r->io_fd, &r->before))
		return 0;
	return restore_fail(r, "the file was changed while it was restored: restore it again when nothing writes to it");
}

static int feed(struct restore *r, int pipe_fd)
{
	if (forward_head(r, pipe_fd))
		return -1;
	if (populate_and_fill(r))
		return -1;
	if (forward(r, pipe_fd, r->plan.first_after_data, r->plan.end))
		return -1;
	if (check_unchanged(r))
		return -1;
	return forward(r, pipe_fd, r->plan.end, r->plan.end + RECORD_HEADER_SIZE);
}

int restore_run(struct restore *r)
{
	int pipe_fd;
	int ret = session_begin(r, &pipe_fd);

	if (ret)
		return ret;
	page_cache_open(&r->page_cache, r->cache, r->io_fd, r->name, &r->plan,
			r->job.can_direct);
	ret = feed(r, pipe_fd);
	r->stats.cache = page_cache_how(&r->page_cache);
	page_cache_close(&r->page_cache);
	ret = session_end(r, pipe_fd, ret);
	if (ret)
		return ret;
	/* libxl reads on from here, in the same open file description. */
	if (lseek(r->io_fd, r->plan.end + RECORD_HEADER_SIZE, SEEK_SET) < 0) {
		message("%s: cannot seek: %s", r->name, strerror(errno));
		return STATUS_FAILED;
	}
	return 0;
}
