// SPDX-License-Identifier: GPL-2.0
/*
 * Fill engine for a dom0 without our module: the same grant copies, made by the
 * stock /dev/xen/gntdev from a small buffer.
 *
 * The buffer is page-aligned, so that each frame takes one copy operation, whatever
 * the alignment in the file. It is small, so that it stays in the CPU's cache.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xengnttab.h>
#include <xen/xen.h>
#include <xen/grant_table.h>

#include "engine.h"
#include "pages.h"
#include "window.h"

/* Frames in one call: half a MiB. */
#define BATCH		128U
/* Entries 0-7 of a grant table are reserved (GNTTAB_NR_RESERVED_ENTRIES). */
#define FIRST_REF	8U

struct gntdev_engine {
	xengnttab_handle *xgt;
	struct window window;
	grant_entry_v1_t *entries;
	uint8_t *buffer;	/* BATCH pages */
	uint8_t *zero;		/* a page of zeros */
	xengnttab_grant_copy_segment_t segs[BATCH];
	uint32_t nr;		/* frames in the batch */
	uint32_t read;		/* pages in the buffer, those skipped included */
};

static void gntdev_close(struct fill_job *job)
{
	struct gntdev_engine *g = job->private;

	if (!g)
		return;
	window_unmap(&g->window, job);
	if (g->xgt)
		xengnttab_close(g->xgt);
	free(g->buffer);
	free(g->zero);
	free(g);
	job->private = NULL;
}

static int check_window(struct fill_job *job, const struct gntdev_engine *g)
{
	uint32_t i;

	for (i = 0; i < BATCH; i++)
		if (g->entries[i].flags)
			return fill_fail(job, "domain %u has grants in use: it is not a new domain",
					 job->domid);
	return 0;
}

static int gntdev_prepare(struct fill_job *job, struct gntdev_engine *g)
{
	g->buffer = aligned_alloc(XT_PAGE_SIZE, (size_t)BATCH * XT_PAGE_SIZE);
	g->zero = aligned_alloc(XT_PAGE_SIZE, XT_PAGE_SIZE);
	if (!g->buffer || !g->zero)
		return fill_fail(job, "no memory");
	memset(g->zero, 0, XT_PAGE_SIZE);

	g->xgt = xengnttab_open(NULL, 0);
	if (!g->xgt)
		return fill_fail(job, "cannot open /dev/xen/gntdev: %s: modprobe xen_gntdev",
				 strerror(errno));
	if (window_map(&g->window, job))
		return -1;
	g->entries = (grant_entry_v1_t *)g->window.entries + FIRST_REF;
	return check_window(job, g);
}

static int gntdev_open(struct fill_job *job)
{
	struct gntdev_engine *g = calloc(1, sizeof(*g));

	if (!g)
		return fill_fail(job, "no memory");
	job->private = g;
	if (gntdev_prepare(job, g)) {
		gntdev_close(job);
		return -1;
	}
	return 0;
}

static int check_copied(struct fill_job *job, const struct gntdev_engine *g)
{
	uint32_t i;

	for (i = 0; i < g->nr; i++)
		if (g->segs[i].status != GNTST_okay)
			return fill_fail(job, "gfn %#x: Xen refused the copy (grant status %d); was domain %u destroyed?",
					 g->entries[i].frame, g->segs[i].status,
					 job->domid);
	return 0;
}

static int flush(struct fill_job *job)
{
	struct gntdev_engine *g = job->private;
	int err = 0;

	g->read = 0;
	if (*job->interrupted)
		return fill_fail(job, "interrupted by a signal");
	if (!g->nr)
		return 0;
	if (xengnttab_grant_copy(g->xgt, g->nr, g->segs))
		err = fill_fail(job, "grant copy by /dev/xen/gntdev: %s",
				strerror(errno));
	else
		err = check_copied(job, g);
	job->copy_ops += g->nr;
	memset(g->entries, 0, g->nr * sizeof(*g->entries));
	g->nr = 0;
	return err;
}

/* Adds a copy of the page at src to a gfn. */
static int add(struct fill_job *job, uint64_t gfn, uint8_t *src)
{
	struct gntdev_engine *g = job->private;

	if (gfn > UINT32_MAX)
		return fill_fail(job, "gfn %#llx: above what a grant entry can name",
				 (unsigned long long)gfn);
	g->entries[g->nr] = (grant_entry_v1_t){
		.flags = GTF_permit_access,
		.domid = 0,	/* we run in dom0 */
		.frame = gfn,
	};
	g->segs[g->nr] = (xengnttab_grant_copy_segment_t){
		.source.virt = src,
		.dest.foreign.ref = FIRST_REF + g->nr,
		.dest.foreign.domid = job->domid,
		.len = XT_PAGE_SIZE,
		.flags = GNTCOPY_dest_gref,
	};
	g->nr++;
	return 0;
}

static int fill_zero(struct fill_job *job, const struct plan_fill *fill)
{
	struct gntdev_engine *g = job->private;
	uint32_t i;

	for (i = 0; i < fill->nr; i++) {
		if (g->nr == BATCH && flush(job))
			return -1;
		if (add(job, fill->gfn + i, g->zero))
			return -1;
	}
	return 0;
}

static int add_pages(struct fill_job *job, const struct plan_fill *fill,
		     uint32_t done, uint32_t nr, uint8_t *page)
{
	const bool skip = fill->skip_zero && job->skip_zero;
	uint32_t i;

	for (i = 0; i < nr; i++, page += XT_PAGE_SIZE) {
		if (skip && page_is_zero(page))
			job->skipped++;
		else if (add(job, fill->gfn + done + i, page))
			return -1;
	}
	return 0;
}

static int fill_data(struct fill_job *job, const struct plan_fill *fill)
{
	struct gntdev_engine *g = job->private;
	uint32_t done, n;

	for (done = 0; done < fill->nr; done += n) {
		const uint64_t offset = fill->offset + (uint64_t)done * XT_PAGE_SIZE;
		uint8_t *page;

		if ((g->nr == BATCH || g->read == BATCH) && flush(job))
			return -1;
		page = g->buffer + (size_t)g->read * XT_PAGE_SIZE;
		n = fill->nr - done;
		if (n > BATCH - g->read)
			n = BATCH - g->read;
		if (n > BATCH - g->nr)
			n = BATCH - g->nr;
		if (job->map)
			page = job->map + offset;
		else if (fill_read(job, page, (size_t)n * XT_PAGE_SIZE, offset))
			return -1;
		if (add_pages(job, fill, done, n, page))
			return -1;
		g->read += n;
	}
	return 0;
}

static int gntdev_fill(struct fill_job *job, const struct plan_fill *fills,
		       size_t nr)
{
	struct gntdev_engine *g = job->private;
	const struct plan_fill *fill;

	g->nr = 0;
	g->read = 0;
	for (fill = fills; fill < fills + nr; fill++)
		if (fill->zero ? fill_zero(job, fill) : fill_data(job, fill))
			return -1;
	return flush(job);
}

const struct engine engine_gntdev = {
	.id = ENGINE_GNTDEV,
	.open = gntdev_open,
	.fill = gntdev_fill,
	.close = gntdev_close,
};
