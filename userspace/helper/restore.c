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
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fill_runs.h"
#include "forward.h"
#include "message.h"
#include "progress.h"
#include "restore.h"
#include "stock.h"
#include "file.h"
#include "populate.h"
#include "zero.h"

/* Frames populated between two looks at signals: 1 GiB of them. */
#define FRAMES_PER_POPULATE	(UINT64_C(1) << 18)

/* A domain with more pages is not a new one: libxl creates it without any. */
#define NEW_DOMAIN_PAGES	1024

static int populate_failed(struct restore *r, uint64_t gfn)
{
	int err = errno;
	uint64_t offset;

	if (stream_find_pfn(&r->stream, gfn, &offset))
		offset = r->stream.start;
	message("%s: offset %llu: gfn %#llx: cannot populate domain %u: %s; either memory is short (xl info free_memory), or the domain was destroyed, or the gfn is beyond it",
		r->name, (unsigned long long)offset, (unsigned long long)gfn,
		r->domid, strerror(err));
	return -1;
}

static int populate_step(struct restore *r, struct populator *pop,
			 const struct plan_range *range, uint64_t done)
{
	uint64_t left = range->nr - done, failed;

	if (restore_check_wanted(r))
		return -1;
	if (populate_range(pop, range->gfn + done,
			   left < FRAMES_PER_POPULATE ? left
						      : FRAMES_PER_POPULATE,
			   &failed))
		return populate_failed(r, failed);
	return 0;
}

static int populate_ranges(struct restore *r, struct populator *pop,
			   const struct plan_range *ranges, size_t nr)
{
	const struct plan_range *range;

	for (range = ranges; range < ranges + nr; range++) {
		uint64_t done;

		for (done = 0; done < range->nr; done += FRAMES_PER_POPULATE)
			if (populate_step(r, pop, range, done))
				return -1;
	}
	return 0;
}

static int populate_all(struct restore *r, struct populator *pop)
{
	const struct plan *p = &r->plan;

	if (zero_prepare(r, pop))
		return -1;
	if (!r->pod && populate_ranges(r, pop, p->pod.ranges.v,
				       p->pod.ranges.nr))
		return -1;
	return populate_ranges(r, pop, p->populate, p->nr_populate);
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

/* The stock helper populates a PV guest, while it reads the stream. */
static int wait_populated(struct restore *r)
{
	uint64_t pfn;

	if (!pv_wait_populated(r->pv, &r->plan, &pfn))
		return 0;
	switch (errno) {
	case EINTR:
		return restore_fail(r, "interrupted by a signal");
	case ESRCH:
		return restore_stock_ended(r);
	default:
		message("%s: the stock helper does not report where it put pfn %#llx: restore with XEN_THAW_ENGINE=stock",
			r->name, (unsigned long long)pfn);
		return -1;
	}
}

static int populate_and_fill(struct restore *r)
{
	struct populator pop;
	double start = clock_now();
	int err;

	err = populator_open(&pop, r->domid);
	if (err) {
		message("cannot make hypercalls (/dev/xen/privcmd): %s",
			strerror(errno));
		goto out_close;
	}
	err = r->pv ? wait_populated(r) : populate_all(r, &pop);
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

/*
 * After a failure the stock helper tells libxl and ends with 0. If it left bytes in
 * the pipe, it did not come to the END.
 */
static bool left_some(int pipe_fd)
{
	int bytes;

	return !ioctl(pipe_fd, FIONREAD, &bytes) && bytes;
}

static void say_stock_ended(const struct restore *r, int status)
{
	if (WIFSIGNALED(status))
		message("%s: the stock helper was ended by signal %d (%s)",
			r->name, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		message("%s: the stock helper gave up: its own message above is the cause",
			r->name);
}

/* Closes the pipe. Return: a wait status. */
static int finish(struct restore *r, int pipe_fd, int err)
{
	int status;

	if (err)
		close(pipe_fd);
	status = stock_wait();
	if (!err) {
		r->stock_ended = left_some(pipe_fd);
		close(pipe_fd);
	}
	if (stock_interrupted)
		return stock_interrupted;
	if (r->stock_ended)
		say_stock_ended(r, status);
	if (err || r->stock_ended)
		return STATUS_FAILED;
	if (status)
		return status;
	/* libxl reads on from here, in the same open file description. */
	if (lseek(r->io_fd, r->plan.end + RECORD_HEADER_SIZE, SEEK_SET) < 0) {
		message("%s: cannot seek: %s", r->name, strerror(errno));
		return STATUS_FAILED;
	}
	return 0;
}

/* Populating gfns that are populated would take pages from a running guest. */
static int check_new(const struct restore *r)
{
	int64_t pages = xen_domain_pages(r->domid);

	if (pages >= 0 && pages <= NEW_DOMAIN_PAGES)
		return 0;
	if (pages < 0)
		message("domain %u: cannot tell how much memory it has: %s",
			r->domid, strerror(errno));
	else
		message("domain %u has %lld pages of memory: it is not a new one, and was left as it is",
			r->domid, (long long)pages);
	return -1;
}

int restore_run(struct restore *r)
{
	int pipe_fds[2];
	int err;

	if (check_new(r))
		return STATUS_FAILED;
	if (r->pv && pv_share(r->pv)) {
		message("%s: no memory to share with the stock helper: %s",
			r->name, strerror(errno));
		return STATUS_FAILED;
	}
	if (pipe2(pipe_fds, O_CLOEXEC)) {
		message("%s: %s", r->name, strerror(errno));
		return STATUS_FAILED;
	}
	err = stock_spawn(r->stock, r->argv, r->io_fd, pipe_fds[0],
			  r->pv ? pv_prepare_child : NULL, r->pv);
	close(pipe_fds[0]);
	if (err) {
		close(pipe_fds[1]);
		return STATUS_FAILED;
	}
	if (r->pv && !pv_wait_hello(r->pv)) {
		stock_kill();
		close(pipe_fds[1]);
		/* The signal ended it, whether it has the library or not. */
		if (stock_interrupted)
			return stock_interrupted;
		message("%s: the stock helper does not take our library: handed to it whole",
			r->name);
		return RESTORE_HAND_OVER;
	}
	page_cache_open(&r->page_cache, r->cache, r->io_fd, r->name, &r->plan,
			r->job.can_direct);
	err = feed(r, pipe_fds[1]);
	r->stats.cache = page_cache_how(&r->page_cache);
	page_cache_close(&r->page_cache);
	return finish(r, pipe_fds[1], err);
}
