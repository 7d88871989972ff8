// SPDX-License-Identifier: GPL-2.0
/*
 * XEN_THAW_FILL: every argument is checked before the first hypercall.
 */

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/uaccess.h>
#include <xen/features.h>

#include "thaw.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* A version 1 grant entry holds a frame number of 32 bits. */
#define THAW_END_FRAME	0x100000000ULL

/* Running fills: no two of them use the same ref of the same domain. */
static LIST_HEAD(thaw_fills);
static DEFINE_MUTEX(thaw_fills_lock);

static int thaw_check_args(const struct xen_thaw_fill *args)
{
	if (args->flags & ~XEN_THAW_FILL_DIRECT || args->reserved)
		return -EINVAL;
	if (!args->domid || args->domid >= DOMID_FIRST_RESERVED)
		return -EINVAL;
	if (!args->nr_extents || args->nr_extents > THAW_MAX_EXTENTS)
		return -EINVAL;
	if (args->first_ref < THAW_FIRST_REF || args->first_ref >= THAW_END_REF)
		return -EINVAL;
	if (!args->nr_refs || args->nr_refs > THAW_END_REF - args->first_ref)
		return -EINVAL;
	if (!IS_ALIGNED(args->window, sizeof(struct grant_entry_v1)))
		return -EINVAL;
	return 0;
}

/* Return: bytes in the file, or -ENODEV. */
static loff_t thaw_file_size(struct file *file)
{
	if (S_ISREG(file_inode(file)->i_mode))
		return i_size_read(file_inode(file));
	if (S_ISBLK(file_inode(file)->i_mode))
		return i_size_read(file->f_mapping->host);
	return -ENODEV;
}

static int thaw_check_extent(const struct xen_thaw_extent *e, u64 file_size)
{
	const u64 bytes = (u64)e->nr_frames << PAGE_SHIFT;
	const u32 known = XEN_THAW_EXTENT_ZERO | XEN_THAW_EXTENT_SKIP_ZERO;
	const bool zero = e->flags & XEN_THAW_EXTENT_ZERO;
	u64 end;

	if (!e->nr_frames || e->flags & ~known)
		return -EINVAL;
	if (zero && (e->offset || e->flags != XEN_THAW_EXTENT_ZERO))
		return -EINVAL;
	if (check_add_overflow((u64)e->frame, (u64)e->nr_frames, &end))
		return -EOVERFLOW;
	if (end > THAW_END_FRAME)
		return -ERANGE;
	if (zero)
		return 0;
	if (check_add_overflow((u64)e->offset, bytes, &end))
		return -EOVERFLOW;
	return end > file_size ? -ENODATA : 0;
}

static int thaw_check_extents(struct thaw_work *work)
{
	const loff_t size = thaw_file_size(work->file);
	u32 i;
	int err;

	if (size < 0)
		return size;

	for (i = 0; i < work->nr_extents; i++) {
		err = thaw_check_extent(&work->extents[i], size);
		if (err) {
			work->done.extent = i;
			return err;
		}
	}
	return 0;
}

/* True if some frame's bytes come from two pages, and a bounce page pays. */
static bool thaw_wants_bounce(const struct thaw_work *work)
{
	u32 i;

	if (!xen_feature(XENFEAT_auto_translated_physmap))
		return false;
	for (i = 0; i < work->nr_extents; i++)
		if (!PAGE_ALIGNED(work->extents[i].offset))
			return true;
	return false;
}

static int thaw_claim_window(struct thaw_work *work)
{
	const struct thaw_batch *b = &work->batch;
	const struct thaw_work *other;
	int err = 0;

	mutex_lock(&thaw_fills_lock);
	list_for_each_entry(other, &thaw_fills, list) {
		const struct thaw_batch *o = &other->batch;

		if (o->domid == b->domid &&
		    o->first_ref < b->first_ref + b->nr_refs &&
		    b->first_ref < o->first_ref + o->nr_refs) {
			err = -EBUSY;
			break;
		}
	}
	if (!err)
		list_add(&work->list, &thaw_fills);
	mutex_unlock(&thaw_fills_lock);
	return err;
}

static void thaw_release_window(struct thaw_work *work)
{
	mutex_lock(&thaw_fills_lock);
	list_del(&work->list);
	mutex_unlock(&thaw_fills_lock);
}

static int thaw_fill_file(struct thaw_work *work,
			  const struct xen_thaw_fill *args)
{
	int err;

	err = thaw_check_extents(work);
	if (err)
		return err;
	if (args->flags & XEN_THAW_FILL_DIRECT &&
	    !thaw_direct_possible(work->file))
		return -EOPNOTSUPP;
	err = thaw_batch_init(&work->batch, args);
	if (!err && thaw_wants_bounce(work))
		err = thaw_batch_init_bounce(&work->batch);
	if (!err && args->flags & XEN_THAW_FILL_DIRECT)
		err = thaw_direct_init(work);
	if (err)
		goto out_free;
	err = thaw_claim_window(work);
	if (err)
		goto out_free;
	err = thaw_batch_check_unused(&work->batch);
	if (err)
		goto out_release;

	work->begun = true;
	trace_xen_thaw_begin(args);
	err = thaw_copy_extents(work);
	trace_xen_thaw_end(work, err);

out_release:
	thaw_release_window(work);
out_free:
	thaw_direct_free(work);
	thaw_batch_free(&work->batch);
	return err;
}

/**
 * thaw_fill() - carry out one XEN_THAW_FILL
 * @args: copy of the caller's struct; xen_thaw.h says when its out members are
 *	set
 *
 * Context: process of the caller, whose memory holds the extents and window.
 * Return: 0 or an error listed in xen_thaw.h.
 */
int thaw_fill(struct xen_thaw_fill *args)
{
	struct thaw_work work = { .nr_extents = args->nr_extents };
	int err;

	err = thaw_check_args(args);
	if (err)
		return err;

	work.extents = vmemdup_user(u64_to_user_ptr(args->extents),
				    array_size(args->nr_extents,
					       sizeof(*work.extents)));
	if (IS_ERR(work.extents))
		return PTR_ERR(work.extents);

	err = -EBADF;
	work.file = fget(args->fd);
	if (!work.file)
		goto out_free;
	if (work.file->f_mode & FMODE_READ)
		err = thaw_fill_file(&work, args);
	fput(work.file);

	if (work.begun || err == -ENODATA || err == -EBUSY) {
		args->extent = work.done.extent;
		args->extent_frames = work.done.frame;
		args->grant_status = work.batch.grant_status;
		args->frames_done = work.frames_done;
		args->hypercalls = work.batch.hypercalls;
		args->copy_ops = work.batch.copy_ops;
		args->frames_skipped = work.batch.skipped;
	}
out_free:
	kvfree(work.extents);
	return err;
}
