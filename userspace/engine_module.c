// SPDX-License-Identifier: GPL-2.0
/*
 * Fill engine of the kernel module: page-cache pages are copied straight into
 * the guest, through a window of its grant table.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "engine.h"
#include "window.h"
#include "xen_thaw.h"

/* Extents handed over in one call: 24 bytes each. */
#define EXTENTS_PER_CALL	4096U

struct module_engine {
	int dev;
	uint32_t first_ref;
	uint32_t nr_refs;
	struct window window;
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

static int fill_extents(struct fill_job *job, struct xen_thaw_extent *e,
			uint32_t nr)
{
	const struct module_engine *m = job->private;

	while (nr) {
		struct xen_thaw_fill fill = {
			.size = sizeof(fill),
			.fd = job->fd,
			.domid = job->domid,
			.extents = (uintptr_t)e,
			.nr_extents = nr,
			.first_ref = m->first_ref,
			.window = (uintptr_t)m->window.entries,
			.nr_refs = m->nr_refs,
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

static int module_fill(struct fill_job *job, const struct plan_fill *fills,
		       size_t nr)
{
	struct module_engine *m = job->private;

	while (nr) {
		uint32_t i, n = nr < EXTENTS_PER_CALL ? nr : EXTENTS_PER_CALL;

		for (i = 0; i < n; i++)
			m->extents[i] = (struct xen_thaw_extent){
				.offset = fills[i].offset,
				.frame = fills[i].gfn,
				.nr_frames = fills[i].nr,
				.flags = fills[i].zero ? XEN_THAW_EXTENT_ZERO
						       : 0,
			};
		if (fill_extents(job, m->extents, n))
			return -1;
		fills += n;
		nr -= n;
	}
	return 0;
}

const struct engine engine_module = {
	.name = "module",
	.open = module_open,
	.fill = module_fill,
	.close = module_close,
};
