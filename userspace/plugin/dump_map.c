// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* For the prototype. */
#define XC_WANT_COMPAT_MAP_FOREIGN_API
#include <xenctrl.h>
#include <xenforeignmemory.h>

#include "dump_map.h"

/* Frames that are mapped at once. */
#define BATCH	1024U

/**
 * struct frames - what is mapped
 * @handle: of libxenforeignmemory
 * @gfns: frames are asked for in order
 * @batch: of BATCH frames, or NULL
 * @first: of @batch
 * @err: for each frame in @batch: 0, or why it is not mapped
 */
static struct frames {
	xenforeignmemory_handle *handle;
	bool gfns;
	char *batch;
	unsigned long first;
	int err[BATCH];
} frames;

static void *map(uint32_t domid, int prot, unsigned long frame, size_t nr,
		 int err[])
{
	xen_pfn_t frame_of[BATCH];
	size_t i;

	if (nr > BATCH) {
		errno = E2BIG;
		return NULL;
	}
	for (i = 0; i < nr; i++)
		frame_of[i] = frame + i;
	return xenforeignmemory_map(frames.handle, domid, prot, nr, frame_of,
				    err);
}

static void unmap_batch(struct frames *f)
{
	if (f->batch)
		xenforeignmemory_unmap(f->handle, f->batch, BATCH);
	f->batch = NULL;
}

/* Moves the batch to a frame. Return: whether the frame is in it. */
static bool move_batch(struct frames *f, uint32_t domid, unsigned long frame)
{
	if (f->batch && frame >= f->first && frame - f->first < BATCH)
		return true;
	unmap_batch(f);
	f->first = frame;
	f->batch = map(domid, PROT_READ, frame, BATCH, f->err);
	return f->batch;
}

/* A copy: the caller unmaps it, and a part of the batch cannot be unmapped. */
static void *copy_page(const struct frames *f, unsigned long frame)
{
	size_t i = frame - f->first;
	void *copy;

	if (f->err[i]) {
		errno = abs(f->err[i]);
		return NULL;
	}
	copy = mmap(NULL, XC_PAGE_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (copy == MAP_FAILED)
		return NULL;
	return memcpy(copy, f->batch + i * XC_PAGE_SIZE, XC_PAGE_SIZE);
}

int dump_map_begin(struct xentoollog_logger *logger, bool gfns)
{
	frames.gfns = gfns;
	frames.handle = xenforeignmemory_open(logger, 0);
	return frames.handle ? 0 : -1;
}

void dump_map_end(void)
{
	unmap_batch(&frames);
	xenforeignmemory_close(frames.handle);
	frames.handle = NULL;
}

/* The loader finds this function before libxenctrl's. */
void *xc_map_foreign_range(xc_interface *xch, uint32_t domid, int size,
			   int prot, unsigned long frame)
{
	(void)xch;
	if (!frames.handle || size <= 0) {
		errno = EINVAL;
		return NULL;
	}
	if (frames.gfns && size == XC_PAGE_SIZE && prot == PROT_READ &&
	    move_batch(&frames, domid, frame))
		return copy_page(&frames, frame);
	return map(domid, prot, frame,
		   ((size_t)size + XC_PAGE_SIZE - 1) / XC_PAGE_SIZE, NULL);
}
