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

/* Frames mapped at a time. */
#define BATCH	1024U

/* A part of a batch that is one run of bytes in the file, or zero. */
struct part {
	uint64_t offset;
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
};

static int mmapbatch_open(struct fill_job *job)
{
	job->private = calloc(1, sizeof(struct mmapbatch_engine));
	return job->private ? 0 : fill_fail(job, "no memory");
}

static void mmapbatch_close(struct fill_job *job)
{
	free(job->private);
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

	if (last && last->zero == fill->zero &&
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

static int mmapbatch_fill(struct fill_job *job, const struct plan_fill *fills,
			  size_t nr)
{
	struct mmapbatch_engine *m = job->private;
	const struct plan_fill *fill;

	m->nr = 0;
	m->nr_parts = 0;
	for (fill = fills; fill < fills + nr; fill++) {
		uint32_t done, n;

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
