// SPDX-License-Identifier: GPL-2.0
/*
 * Put pages into the frames of the extent list, one after the other, as operations
 * of a batch, wherever the pages come from.
 */

#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "thaw.h"
#include "trace.h"

static void thaw_advance_done(struct thaw_work *work, u32 frames)
{
	struct thaw_cursor *done = &work->done;

	work->frames_done += frames;
	while (frames) {
		u32 left = work->extents[done->extent].nr_frames - done->frame;

		if (frames < left) {
			done->frame += frames;
			return;
		}
		frames -= left;
		done->extent++;
		done->frame = 0;
	}
}

/**
 * thaw_flush() - submit the batch, and note how far the fill came
 * @work: the fill
 *
 * Return: 0, -EINTR, or what thaw_batch_submit() returned.
 */
int thaw_flush(struct thaw_work *work)
{
	struct thaw_batch *b = &work->batch;
	u32 nr_ops = b->nr_ops, frames;
	int err;

	if (!b->used)
		return 0;
	/* One batch at least is done: endless signals do not stop progress. */
	if ((b->hypercalls || b->skipped) && signal_pending(current))
		return -EINTR;

	err = thaw_batch_submit(b, &frames);
	thaw_advance_done(work, frames);
	trace_xen_thaw_batch(b->domid, frames, nr_ops, b->grant_status, err);
	cond_resched();
	return err;
}

/* Page data may lie anywhere in a save file. */
struct thaw_word {
	u64 v;
} __packed;

/* memchr_inv() looks at one word at a time, which takes more than twice as long. */
static bool thaw_is_zero(const void *bytes, u32 len)
{
	const struct thaw_word *w = bytes;

	for (; len >= 8 * sizeof(*w); len -= 8 * sizeof(*w), w += 8)
		if (w[0].v | w[1].v | w[2].v | w[3].v |
		    w[4].v | w[5].v | w[6].v | w[7].v)
			return false;
	return !memchr_inv(w, 0, len);
}

static bool thaw_page_is_zero(struct page *page, u32 offset, u32 len)
{
	const void *bytes = kmap_local_page(page);
	const bool zero = thaw_is_zero(bytes + offset, len);

	kunmap_local(bytes);
	return zero;
}

/* Adds bytes to the frame at the cursor, after zeros that were not added yet. */
static void thaw_add(struct thaw_work *work, u64 frame, struct page *page,
		     u32 offset, u32 len)
{
	struct thaw_batch *b = &work->batch;

	if (work->zero)
		thaw_batch_add(b, ZERO_PAGE(0), 0, frame, 0, work->at.byte);
	work->zero = false;
	thaw_batch_add(b, page, offset, frame, work->at.byte, len);
}

static void thaw_next_frame(struct thaw_work *work)
{
	struct thaw_cursor *at = &work->at;

	if (work->zero)
		thaw_batch_skip(&work->batch);
	work->zero = false;
	at->byte = 0;
	if (++at->frame < work->extents[at->extent].nr_frames)
		return;
	at->frame = 0;
	at->extent++;
}

/**
 * thaw_append() - add bytes of a page to the next frames of the extent list
 * @work: the fill; its cursor moves on
 * @page: the page
 * @offset: in @page
 * @len: bytes, within @page
 *
 * Return: 0; or what thaw_flush() returned, if the batch was full.
 */
int thaw_append(struct thaw_work *work, struct page *page, u32 offset,
		size_t len)
{
	struct thaw_cursor *at = &work->at;

	while (len) {
		const struct xen_thaw_extent *e = &work->extents[at->extent];
		const bool new = !at->byte || work->zero;
		u32 n = min_t(size_t, len, PAGE_SIZE - max(offset, at->byte));
		int err;

		if (!thaw_batch_has_room(&work->batch, new, 1 + work->zero)) {
			err = thaw_flush(work);
			if (err)
				return err;
		}
		if (new && e->flags & XEN_THAW_EXTENT_SKIP_ZERO &&
		    thaw_page_is_zero(page, offset, n))
			work->zero = true;
		else
			thaw_add(work, e->frame + at->frame, page, offset, n);
		offset += n;
		len -= n;
		at->byte += n;
		if (at->byte == PAGE_SIZE)
			thaw_next_frame(work);
	}
	return 0;
}
