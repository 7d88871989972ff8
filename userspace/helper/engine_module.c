// SPDX-License-Identifier: GPL-2.0
/*
 * Fill engine of the kernel module: page-cache pages are copied straight into
 * the guest, through a window of its grant table.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
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

struct module_engine {
	int dev;
	uint32_t first_ref;
	uint32_t nr_refs;
	struct window window;
};

/**
 * struct queue - runs to be filled, shared by the threads of one call
 * @lock: of the members below
 * @fills: runs not yet taken
 * @nr: runs in @fills
 * @taken: frames of @fills[0] that are taken
 * @failed: a thread failed: the others stop
 */
struct queue {
	pthread_mutex_t lock;
	const struct plan_fill *fills;
	size_t nr;
	uint32_t taken;
	bool failed;
};

/**
 * struct worker - a thread that fills
 * @thread: the thread
 * @queue: what it takes from
 * @job: its own copy: counters and error are not shared
 * @first_ref: of its part of the window
 * @nr_refs: in its part of the window
 * @extents: what it took
 * @err: of its last call
 */
struct worker {
	pthread_t thread;
	struct queue *queue;
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
	m->first_ref = query.first_ref;
	m->nr_refs = query.end_ref - query.first_ref;
	return 0;
}

static void module_close(struct fill_job *job)
{
	struct module_engine *m = job->private;

	if (!m)
		return;
	window_unmap(&m->window, job);
	if (m->dev >= 0)
		close(m->dev);
	free(m);
	job->private = NULL;
}

static int module_open(struct fill_job *job)
{
	struct module_engine *m = calloc(1, sizeof(*m));

	if (!m)
		return fill_fail(job, "no memory");
	m->dev = -1;
	job->private = m;
	if (open_device(job, m) || window_map(&m->window, job)) {
		module_close(job);
		return -1;
	}
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
		return fill_fail(job, "offset %llu: the file ends here: it was cut while it was read",
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

/* Takes the next frames off the queue. Return: extents, 0 at the end. */
static uint32_t take(struct worker *w)
{
	uint32_t left = w->nr_refs * WINDOWS_PER_CALL, nr = 0;
	struct queue *q = w->queue;

	pthread_mutex_lock(&q->lock);
	while (!q->failed && q->nr && left && nr < EXTENTS_PER_CALL) {
		struct xen_thaw_extent *e = &w->extents[nr++];
		const struct plan_fill *f = q->fills;

		*e = (struct xen_thaw_extent){
			.offset = f->offset,
			.frame = f->gfn,
			.nr_frames = f->nr,
			.flags = f->zero ? XEN_THAW_EXTENT_ZERO : 0,
		};
		skip_done(e, q->taken);
		if (e->nr_frames > left) {
			e->nr_frames = left;
			q->taken += left;
		} else {
			q->fills++;
			q->nr--;
			q->taken = 0;
		}
		left -= e->nr_frames;
	}
	pthread_mutex_unlock(&q->lock);
	return nr;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	uint32_t nr;

	while (!w->err && !*w->job.interrupted && (nr = take(w)))
		w->err = fill_extents(w, nr);
	/* The signal may have come to another thread, or between two calls. */
	if (!w->err && *w->job.interrupted)
		w->err = fill_fail(&w->job, "interrupted by a signal");
	if (w->err) {
		pthread_mutex_lock(&w->queue->lock);
		w->queue->failed = true;
		pthread_mutex_unlock(&w->queue->lock);
	}
	return NULL;
}

/* Runs the workers, the first one in this thread. Return: how many ran. */
static unsigned int run_workers(struct worker *w, unsigned int nr)
{
	unsigned int i, started;

	/* With fewer threads than wished for the work is done all the same. */
	for (started = 1; started < nr; started++)
		if (pthread_create(&w[started].thread, NULL, work, &w[started]))
			break;
	work(&w[0]);
	for (i = 1; i < started; i++)
		pthread_join(w[i].thread, NULL);
	return started;
}

static int module_fill(struct fill_job *job, const struct plan_fill *fills,
		       size_t nr)
{
	const struct module_engine *m = job->private;
	struct queue queue = {
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.fills = fills,
		.nr = nr,
	};
	const uint32_t share = m->nr_refs / job->threads;
	struct worker *w = calloc(job->threads, sizeof(*w));
	unsigned int i, ran;
	int err = 0;

	if (!w)
		return fill_fail(job, "no memory");
	for (i = 0; i < job->threads; i++) {
		w[i].queue = &queue;
		w[i].job = *job;
		w[i].job.hypercalls = 0;
		w[i].job.copy_ops = 0;
		w[i].first_ref = m->first_ref + i * share;
		w[i].nr_refs = share;
	}
	ran = run_workers(w, job->threads);
	for (i = 0; i < ran; i++) {
		job->hypercalls += w[i].job.hypercalls;
		job->copy_ops += w[i].job.copy_ops;
		job->direct_refused |= w[i].job.direct_refused;
		if (w[i].err && !err)
			err = fill_fail(job, "%s", w[i].job.error);
	}
	free(w);
	return err;
}

const struct engine engine_module = {
	.id = ENGINE_MODULE,
	.open = module_open,
	.fill = module_fill,
	.close = module_close,
};
