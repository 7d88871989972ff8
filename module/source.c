// SPDX-License-Identifier: GPL-2.0
/*
 * Turn the pages of a file, or the zero page, into operations of a batch.
 *
 * Pages that are ready in the page cache are taken from there (cached.c). All
 * others are read by the file's own splice path, which works for every
 * filesystem, reads ahead, and hands out references to page-cache pages.
 */

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pipe_fs_i.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/splice.h>

#include "thaw.h"
#include "trace.h"

/* Bytes to splice before the page cache is tried again. */
#define THAW_MAX_SPLICE	SZ_1M

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

	if (!nr_ops)
		return 0;
	/* One batch at least is done: endless signals do not stop progress. */
	if (b->hypercalls && signal_pending(current))
		return -EINTR;

	err = thaw_batch_submit(b, &frames);
	thaw_advance_done(work, frames);
	trace_xen_thaw_batch(b->domid, frames, nr_ops, b->grant_status, err);
	cond_resched();
	return err;
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
		u32 n = min_t(size_t, len, PAGE_SIZE - max(offset, at->byte));
		int err;

		if (!thaw_batch_has_room(&work->batch, !at->byte)) {
			err = thaw_flush(work);
			if (err)
				return err;
		}
		thaw_batch_add(&work->batch, page, offset, e->frame + at->frame,
			       at->byte, n);
		offset += n;
		len -= n;
		at->byte += n;
		if (at->byte < PAGE_SIZE)
			continue;
		at->byte = 0;
		if (++at->frame < e->nr_frames)
			continue;
		at->frame = 0;
		at->extent++;
	}
	return 0;
}

static int thaw_splice_actor(struct pipe_inode_info *pipe,
			     struct pipe_buffer *buf, struct splice_desc *sd)
{
	struct thaw_work *work = sd->u.data;
	/* The buffer may lie anywhere in a compound page. */
	struct page *page = buf->page + buf->offset / PAGE_SIZE;
	u32 offset = buf->offset % PAGE_SIZE;
	size_t left = sd->len;

	while (left) {
		size_t n = min_t(size_t, left, PAGE_SIZE - offset);

		work->error = thaw_append(work, page, offset, n);
		if (work->error)
			return work->error;
		page++;
		offset = 0;
		left -= n;
	}
	return sd->len;
}

static int thaw_splice_direct_actor(struct pipe_inode_info *pipe,
				    struct splice_desc *sd)
{
	return __splice_from_pipe(pipe, sd, thaw_splice_actor);
}

/* Adds bytes through the read path of the file. */
static ssize_t thaw_splice(struct thaw_work *work, loff_t pos, size_t bytes)
{
	struct splice_desc sd = {
		.total_len = bytes,
		.pos = pos,
		.u.data = work,
	};
	ssize_t ret;

	ret = splice_direct_to_actor(work->file, &sd, thaw_splice_direct_actor);
	if (work->error)
		return work->error;
	/* A restarted call would lose its place. */
	if (ret == -ERESTARTSYS)
		return -EINTR;
	return ret ?: -ENODATA;
}

static int thaw_read(struct thaw_work *work, loff_t pos, u64 bytes)
{
	const bool usable = thaw_cache_usable(work->file);
	const size_t most = usable ? THAW_MAX_SPLICE : MAX_RW_COUNT;
	bool cached = false;
	ssize_t ret;

	/* Since 6.12 the caller of a splice has to do this. */
	ret = rw_verify_area(READ, work->file, &pos, bytes);
	while (ret >= 0 && bytes) {
		ret = usable ? thaw_append_cached(work, pos, bytes) : 0;
		if (ret > 0)
			cached = true;
		else if (!ret)
			ret = thaw_splice(work, pos, min_t(u64, bytes, most));
		if (ret < 0)
			break;
		pos += ret;
		bytes -= ret;
	}
	/* A splice updates the access time itself. */
	if (cached)
		file_accessed(work->file);
	return ret < 0 ? ret : 0;
}

static int thaw_zero(struct thaw_work *work, u32 nr_frames)
{
	int err = 0;

	while (!err && nr_frames--)
		err = thaw_append(work, ZERO_PAGE(0), 0, PAGE_SIZE);
	return err;
}

/* Counts bytes from extent @first on, while extents adjoin in the file. */
static u64 thaw_contiguous(const struct thaw_work *work, u32 first)
{
	const struct xen_thaw_extent *e = &work->extents[first];
	const u64 start = e->offset;
	u64 end = start;

	for (; e < work->extents + work->nr_extents; e++) {
		if (e->offset != end || e->flags & XEN_THAW_EXTENT_ZERO)
			break;
		end += (u64)e->nr_frames << PAGE_SHIFT;
	}
	return end - start;
}

/**
 * thaw_copy_extents() - fill all frames of a checked extent list
 * @work: the fill; done and frames_done say how far it came, even on failure
 *
 * Return: 0, or the error that stopped it (see xen_thaw.h).
 */
int thaw_copy_extents(struct thaw_work *work)
{
	int err = 0, flush_err;

	while (!err && work->at.extent < work->nr_extents) {
		const u32 i = work->at.extent;
		const struct xen_thaw_extent *e = &work->extents[i];

		if (e->flags & XEN_THAW_EXTENT_ZERO)
			err = thaw_zero(work, e->nr_frames);
		else if (work->direct)
			err = thaw_copy_direct(work);
		else
			err = thaw_read(work, e->offset,
					thaw_contiguous(work, i));
	}
	/*
	 * After a failure, submit what was read before it: then the reported
	 * place is exact. If the flush fails too, the place is that of its own
	 * error, which is returned instead.
	 */
	flush_err = thaw_flush(work);
	return flush_err ?: err;
}
