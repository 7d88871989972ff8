// SPDX-License-Identifier: GPL-2.0
/*
 * Fill engine without the module: maps guest frames by privcmd's MMAPBATCH and
 * reads the file straight into the mapping.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xenforeignmemory.h>

#include "engine.h"
#include "pages.h"

/* Frames mapped at a time. */
#define BATCH	1024U

/* A part of a batch: one run of bytes in the file, or a page in memory, or zero. */
struct part {
	uint64_t offset;
	const uint8_t *page;	/* NULL: not in memory */
	uint32_t first;		/* frame in the batch */
	uint32_t nr;
	bool zero;
};

struct mmapbatch_engine {
	xen_pfn_t gfns[BATCH];
	int errs[BATCH];
	struct part parts[BATCH];
	uint32_t nr;
	uint32_t nr_parts;
	uint8_t *buffer;	/* BATCH pages of a fill that skips zeros, or NULL */
};

static int mmapbatch_open(struct fill_job *job)
{
	job->private = calloc(1, sizeof(struct mmapbatch_engine));
	return job->private ? 0 : fill_fail(job, "no memory");
}

static void mmapbatch_close(struct fill_job *job)
{
	struct mmapbatch_engine *m = job->private;

	if (!m)
		return;
	free(m->buffer);
	free(m);
	job->private = NULL;
}

static int fill_mapped(struct fill_job *job, uint8_t *map)
{
	const struct mmapbatch_engine *m = job->private;
	const struct part *part;
	uint32_t i;

	for (i = 0; i < m->nr; i++)
		if (m->errs[i])
			return fill_fail(job, "gfn %#llx: cannot map: %s; was domain %u destroyed?",
					 (unsigned long long)m->gfns[i],
					 strerror(-m->errs[i]), job->domid);

	for (part = m->parts; part < m->parts + m->nr_parts; part++) {
		uint8_t *frame = map + (size_t)part->first * XT_PAGE_SIZE;

		if (part->zero)
			memset(frame, 0, (size_t)part->nr * XT_PAGE_SIZE);
		else if (part->page)
			memcpy(frame, part->page, XT_PAGE_SIZE);
		else if (fill_read(job, frame, (size_t)part->nr * XT_PAGE_SIZE,
				   part->offset))
			return -1;
	}
	return 0;
}

static int flush(struct fill_job *job)
{
	struct mmapbatch_engine *m = job->private;
	uint8_t *map;
	int err;

	if (!m->nr)
		return 0;
	if (*job->interrupted)
		return fill_fail(job, "interrupted by a signal");
	map = xenforeignmemory_map(job->fmem, job->domid,
				   PROT_READ | PROT_WRITE, m->nr, m->gfns,
				   m->errs);
	if (!map)
		return fill_fail(job, "cannot map %u frames of domain %u: %s",
				 m->nr, job->domid, strerror(errno));
	err = fill_mapped(job, map);
	xenforeignmemory_unmap(job->fmem, map, m->nr);
	m->nr = 0;
	m->nr_parts = 0;
	return err;
}

/* Adds to the batch, to its last part where that goes on in the file. */
static void add(struct mmapbatch_engine *m, const struct plan_fill *fill,
		uint32_t done, uint32_t nr)
{
	struct part *last = m->nr_parts ? &m->parts[m->nr_parts - 1] : NULL;
	uint64_t offset = fill->offset + (uint64_t)done * XT_PAGE_SIZE;
	uint32_t i;

	if (last && last->zero == fill->zero && !last->page &&
	    (fill->zero ||
	     last->offset + (uint64_t)last->nr * XT_PAGE_SIZE == offset))
		last->nr += nr;
	else
		m->parts[m->nr_parts++] = (struct part){
			.offset = offset,
			.first = m->nr,
			.nr = nr,
			.zero = fill->zero,
		};
	for (i = 0; i < nr; i++)
		m->gfns[m->nr++] = fill->gfn + done + i;
}

/* Adds those pages in the buffer that are not zero. */
static void add_pages(struct fill_job *job, uint64_t gfn, uint32_t nr)
{
	struct mmapbatch_engine *m = job->private;
	const uint8_t *page = m->buffer;
	uint32_t i;

	for (i = 0; i < nr; i++, page += XT_PAGE_SIZE) {
		if (page_is_zero(page)) {
			job->skipped++;
			continue;
		}
		m->parts[m->nr_parts++] = (struct part){
			.page = page,
			.first = m->nr,
			.nr = 1,
		};
		m->gfns[m->nr++] = gfn + i;
	}
}

/* Reads first, and maps only what has to be written. */
static int fill_skipping(struct fill_job *job, const struct plan_fill *fill)
{
	struct mmapbatch_engine *m = job->private;
	uint32_t done, n;

	if (!m->buffer)
		m->buffer = aligned_alloc(XT_PAGE_SIZE,
					  (size_t)BATCH * XT_PAGE_SIZE);
	if (!m->buffer)
		return fill_fail(job, "no memory");
	if (flush(job))
		return -1;
	for (done = 0; done < fill->nr; done += n) {
		n = fill->nr - done < BATCH ? fill->nr - done : BATCH;
		if (fill_read(job, m->buffer, (size_t)n * XT_PAGE_SIZE,
			      fill->offset + (uint64_t)done * XT_PAGE_SIZE))
			return -1;
		add_pages(job, fill->gfn + done, n);
		if (flush(job))
			return -1;
	}
	return 0;
}

static int mmapbatch_fill(struct fill_job *job, const struct plan_fill *fills,
			  size_t nr)
{
	struct mmapbatch_engine *m = job->private;
	const struct plan_fill *fill;

	m->nr = 0;
	m->nr_parts = 0;
	for (fill = fills; fill < fills + nr; fill++) {
		uint32_t done, n;

		if (fill->skip_zero && job->skip_zero) {
			if (fill_skipping(job, fill))
				return -1;
			continue;
		}
		for (done = 0; done < fill->nr; done += n) {
			if (m->nr == BATCH && flush(job))
				return -1;
			n = fill->nr - done;
			if (n > BATCH - m->nr)
				n = BATCH - m->nr;
			add(m, fill, done, n);
		}
	}
	return flush(job);
}

const struct engine engine_mmapbatch = {
	.id = ENGINE_MMAPBATCH,
	.open = mmapbatch_open,
	.fill = mmapbatch_fill,
	.close = mmapbatch_close,
};
