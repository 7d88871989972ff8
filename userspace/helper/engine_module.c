// SPDX-License-Identifier: GPL-2.0
/*
 * Fill engine of the kernel module: page-cache pages are copied straight into
 * the guest, through a window of its grant table.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "engine.h"
#include "window.h"
#include "xen_thaw.h"

/* Extents handed over in one call: 24 bytes each. */
#define EXTENTS_PER_CALL	4096U
/* Windows full of frames that a thread takes at a time. */
#define WINDOWS_PER_CALL	16U

struct worker;

/**
 * struct module_engine - the engine
 * @dev: the device
 * @can_skip: it can leave out zero pages of the file
 * @first_ref: of the window
 * @nr_refs: in the window
 * @window: the window
 * @workers: one for each thread of the job; the first is the caller's
 * @lock: of the members below
 * @changed: @round, @running or @quit changed
 * @round: fills by all workers so far
 * @running: workers that have not ended this round
 * @quit: the threads end
 * @fills: runs not yet taken
 * @nr: runs in @fills
 * @taken: frames of @fills[0] that are taken
 * @failed: a worker failed: the others stop
 */
struct module_engine {
	int dev;
	bool can_skip;
	uint32_t first_ref;
	uint32_t nr_refs;
	struct window window;
	struct worker *workers;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int round;
	unsigned int running;
	bool quit;
	const struct plan_fill *fills;
	size_t nr;
	uint32_t taken;
	bool failed;
};

/**
 * struct worker - fills what it takes, with its own part of the window
 * @thread: the thread; not of the first worker
 * @started: there is a thread
 * @round: the last one that it worked in
 * @job: its own copy: counters and error are not shared
 * @first_ref: of its part of the window
 * @nr_refs: in its part of the window
 * @err: of its last call
 * @extents: what it took
 */
struct worker {
	pthread_t thread;
	bool started;
	unsigned int round;
	struct fill_job job;
	uint32_t first_ref;
	uint32_t nr_refs;
	int err;
	struct xen_thaw_extent extents[EXTENTS_PER_CALL];
};

static int open_device(struct fill_job *job, struct module_engine *m)
{
	struct xen_thaw_query query = { .size = sizeof(query) };

	m->dev = open(XEN_THAW_DEVICE, O_RDWR | O_CLOEXEC);
	if (m->dev < 0) {
		if (errno == ENOENT)
			return fill_fail(job, "the module is not loaded: modprobe xen_thaw");
		return fill_fail(job, "cannot open " XEN_THAW_DEVICE ": %s",
				 strerror(errno));
	}
	if (ioctl(m->dev, XEN_THAW_QUERY, &query))
		return fill_fail(job, XEN_THAW_DEVICE " does not answer: %s",
				 strerror(errno));
	if (query.version < XEN_THAW_VERSION ||
	    !(query.features & XEN_THAW_FEATURE_ZERO) ||
	    query.max_extents < EXTENTS_PER_CALL)
		return fill_fail(job, "the loaded module (version %u) is too old: reload xen_thaw",
				 query.version);
	job->can_direct = query.features & XEN_THAW_FEATURE_DIRECT;
	m->can_skip = query.features & XEN_THAW_FEATURE_SKIP_ZERO;
	m->first_ref = query.first_ref;
	m->nr_refs = query.end_ref - query.first_ref;
	return 0;
}

static int module_fail(struct fill_job *job, const struct xen_thaw_fill *fill,
		       const struct xen_thaw_extent *e, int err)
{
	uint64_t frame = e->frame + fill->extent_frames;
	uint64_t offset = e->offset +
			  (uint64_t)fill->extent_frames * XT_PAGE_SIZE;

	if (fill->grant_status)
		return fill_fail(job, "%sgfn %#llx: Xen refused the copy (grant status %d); was domain %u destroyed?",
				 e->flags & XEN_THAW_EXTENT_ZERO ? "zero page: "
								 : "",
				 (unsigned long long)frame, fill->grant_status,
				 job->domid);
	switch (err) {
	case ENODATA:
		return fill_fail(job, "offset %llu: the file ends here: it was truncated while it was read",
				 (unsigned long long)offset);
	case EOPNOTSUPP:
		job->direct_refused = job->direct;
		return fill_fail(job, "offset %llu: %s",
				 (unsigned long long)offset, strerror(err));
	case EBUSY:
		return fill_fail(job, "domain %u has grants in use: it is not a new domain",
				 job->domid);
	default:
		return fill_fail(job, "offset %llu: gfn %#llx: %s",
				 (unsigned long long)offset,
				 (unsigned long long)frame, strerror(err));
	}
}

/* Moves the first extent on to the place where an interrupted call stopped. */
static void skip_done(struct xen_thaw_extent *e, uint32_t frames)
{
	e->frame += frames;
	e->nr_frames -= frames;
	if (!(e->flags & XEN_THAW_EXTENT_ZERO))
		e->offset += (uint64_t)frames * XT_PAGE_SIZE;
}

static int fill_extents(struct worker *w, uint32_t nr)
{
	const struct module_engine *m = w->job.private;
	struct fill_job *job = &w->job;
	struct xen_thaw_extent *e = w->extents;

	while (nr) {
		struct xen_thaw_fill fill = {
			.size = sizeof(fill),
			.flags = job->direct ? XEN_THAW_FILL_DIRECT : 0,
			.fd = job->fd,
			.domid = job->domid,
			.extents = (uintptr_t)e,
			.nr_extents = nr,
			.first_ref = w->first_ref,
			.window = (uintptr_t)m->window.entries,
			.nr_refs = w->nr_refs,
		};
		int err = ioctl(m->dev, XEN_THAW_FILL, &fill) ? errno : 0;

		job->hypercalls += fill.hypercalls;
		job->copy_ops += fill.copy_ops;
		job->skipped += fill.frames_skipped;
		if (!err)
			return 0;
		if (err == EINTR && *job->interrupted)
			return fill_fail(job, "interrupted by a signal");
		if (err != EINTR)
			return module_fail(job, &fill, e + fill.extent, err);

		e += fill.extent;
		nr -= fill.extent;
		skip_done(e, fill.extent_frames);
	}
	return 0;
}

static uint32_t flags_of(const struct worker *w, const struct plan_fill *f)
{
	const struct module_engine *m = w->job.private;

	if (f->zero)
		return XEN_THAW_EXTENT_ZERO;
	if (f->skip_zero && w->job.skip_zero && m->can_skip)
		return XEN_THAW_EXTENT_SKIP_ZERO;
	return 0;
}

/* Takes the next frames. Return: extents, 0 at the end. */
static uint32_t take(struct worker *w)
{
	struct module_engine *m = w->job.private;
	uint32_t left = w->nr_refs * WINDOWS_PER_CALL, nr = 0;

	pthread_mutex_lock(&m->lock);
	while (!m->failed && m->nr && left && nr < EXTENTS_PER_CALL) {
		struct xen_thaw_extent *e = &w->extents[nr++];
		const struct plan_fill *f = m->fills;

		*e = (struct xen_thaw_extent){
			.offset = f->offset,
			.frame = f->gfn,
			.nr_frames = f->nr,
			.flags = flags_of(w, f),
		};
		skip_done(e, m->taken);
		if (e->nr_frames > left) {
			e->nr_frames = left;
			m->taken += left;
		} else {
			m->fills++;
			m->nr--;
			m->taken = 0;
		}
		left -= e->nr_frames;
	}
	pthread_mutex_unlock(&m->lock);
	return nr;
}

/* Works until nothing is left to take; the last one to end says so. */
static void work(struct worker *w)
{
	struct module_engine *m = w->job.private;
	uint32_t nr;

	while (!w->err && !*w->job.interrupted && (nr = take(w)))
		w->err = fill_extents(w, nr);
	/* The signal may have come between two calls. */
	if (!w->err && *w->job.interrupted)
		w->err = fill_fail(&w->job, "interrupted by a signal");
	pthread_mutex_lock(&m->lock);
	if (w->err)
		m->failed = true;
	if (!--m->running)
		pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
}

static void *worker_thread(void *arg)
{
	struct worker *w = arg;
	struct module_engine *m = w->job.private;
	bool quit;

	for (;;) {
		pthread_mutex_lock(&m->lock);
		while (m->round == w->round && !m->quit)
			pthread_cond_wait(&m->changed, &m->lock);
		w->round = m->round;
		quit = m->quit;
		pthread_mutex_unlock(&m->lock);
		if (quit)
			return NULL;
		work(w);
	}
}

/* Signals are for the main thread, which may wait for something else. */
static void start_threads(struct module_engine *m, unsigned int nr)
{
	sigset_t all, old;
	unsigned int i;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	/* Fewer threads do the same work. */
	for (i = 1; i < nr && !m->workers[i].started; i++) {
		struct worker *w = &m->workers[i];

		/* Only this thread changes it. */
		w->round = m->round;
		w->started = !pthread_create(&w->thread, NULL, worker_thread, w);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* Whether one worker takes all of it at once, so that no other has to wake up. */
static bool is_small(const struct worker *w, const struct plan_fill *fills,
		     size_t nr)
{
	uint64_t frames = 0;
	size_t i;

	if (nr > EXTENTS_PER_CALL)
		return false;
	for (i = 0; i < nr; i++)
		frames += fills[i].nr;
	return frames <= w->nr_refs * WINDOWS_PER_CALL;
}

static void begin_round(struct fill_job *job, const struct plan_fill *fills,
			size_t nr, bool alone)
{
	struct module_engine *m = job->private;
	unsigned int i;

	pthread_mutex_lock(&m->lock);
	m->fills = fills;
	m->nr = nr;
	m->taken = 0;
	m->failed = false;
	m->running = 1;
	for (i = 0; i < job->threads; i++) {
		struct worker *w = &m->workers[i];

		w->err = 0;
		w->job.fd = job->fd;
		w->job.direct = job->direct;
		w->job.skip_zero = job->skip_zero;
		w->job.direct_refused = false;
		w->job.hypercalls = 0;
		w->job.copy_ops = 0;
		w->job.skipped = 0;
		m->running += w->started && !alone;
	}
	if (!alone) {
		m->round++;
		pthread_cond_broadcast(&m->changed);
	}
	pthread_mutex_unlock(&m->lock);
}

static int end_round(struct fill_job *job)
{
	struct module_engine *m = job->private;
	unsigned int i;
	int err = 0;

	pthread_mutex_lock(&m->lock);
	while (m->running)
		pthread_cond_wait(&m->changed, &m->lock);
	pthread_mutex_unlock(&m->lock);

	for (i = 0; i < job->threads; i++) {
		const struct worker *w = &m->workers[i];

		job->hypercalls += w->job.hypercalls;
		job->copy_ops += w->job.copy_ops;
		job->skipped += w->job.skipped;
		job->direct_refused |= w->job.direct_refused;
		if (w->err && !err)
			err = fill_fail(job, "%s", w->job.error);
	}
	return err;
}

static int module_fill(struct fill_job *job, const struct plan_fill *fills,
		       size_t nr)
{
	struct module_engine *m = job->private;

	bool alone = is_small(&m->workers[0], fills, nr);

	if (!alone)
		start_threads(m, job->threads);
	begin_round(job, fills, nr, alone);
	work(&m->workers[0]);
	return end_round(job);
}

static void stop_threads(struct module_engine *m, unsigned int nr)
{
	unsigned int i;

	pthread_mutex_lock(&m->lock);
	m->quit = true;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
	for (i = 1; i < nr; i++)
		if (m->workers[i].started)
			pthread_join(m->workers[i].thread, NULL);
}

static void module_close(struct fill_job *job)
{
	struct module_engine *m = job->private;

	if (!m)
		return;
	if (m->workers)
		stop_threads(m, job->threads);
	window_unmap(&m->window, job);
	if (m->dev >= 0)
		close(m->dev);
	free(m->workers);
	free(m);
	job->private = NULL;
}

static int make_workers(struct fill_job *job, struct module_engine *m)
{
	const uint32_t share = m->nr_refs / job->threads;
	unsigned int i;

	m->workers = calloc(job->threads, sizeof(*m->workers));
	if (!m->workers)
		return fill_fail(job, "no memory");
	for (i = 0; i < job->threads; i++) {
		m->workers[i].job = *job;
		m->workers[i].first_ref = m->first_ref + i * share;
		m->workers[i].nr_refs = share;
	}
	return 0;
}

static int module_open(struct fill_job *job)
{
	struct module_engine *m = calloc(1, sizeof(*m));

	if (!m)
		return fill_fail(job, "no memory");
	m->dev = -1;
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->changed, NULL);
	job->private = m;
	if (open_device(job, m) || window_map(&m->window, job) ||
	    make_workers(job, m)) {
		module_close(job);
		return -1;
	}
	return 0;
}

const struct engine engine_module = {
	.id = ENGINE_MODULE,
	.open = module_open,
	.fill = module_fill,
	.close = module_close,
};
