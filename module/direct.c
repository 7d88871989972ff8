// SPDX-License-Identifier: GPL-2.0
/*
 * Reading past the page cache: several direct reads are in flight, into a pool
 * of pages. Frames are copied from the pool in the order of the extents.
 *
 * The pool is a ring of slots, one read each. Reads are issued in the order in
 * which the extents need their bytes. A slot is reused only when no operation
 * waiting in the batch reads from one of its pages.
 */

#include <linux/bvec.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/stat.h>
#include <linux/uio.h>

#include "thaw.h"

/* At least two: a frame that is not complete may hold one slot back. */
#define THAW_SLOTS	4
/* 1 MiB: the most that fits into one bio. */
#define THAW_SLOT_PAGES	256U

/* Bytes: a gap between two extents that is no larger is read with them. */
#define THAW_MAX_GAP	SZ_64K

/**
 * struct thaw_slot - one read
 * @iocb: in flight if @busy
 * @done: completed when the read ends
 * @busy: the read was started, and nobody has waited for it yet
 * @ret: result of the read: bytes or an error
 * @begin: file offset of the slot's first page; page-aligned
 * @end: file offset where the slot's data ends; page-aligned
 * @pos: file offset of the last read: @begin, or a later page after a read that
 *	failed or was short
 * @len: bytes that the last read asked for
 * @single: read page by page, to find the page that fails
 * @bvec: the pages
 */
struct thaw_slot {
	struct kiocb iocb;
	struct completion done;
	bool busy;
	bool single;
	long ret;
	u64 begin;
	u64 end;
	u64 pos;
	u32 len;
	struct bio_vec bvec[THAW_SLOT_PAGES];
};

/**
 * struct thaw_direct - reads in flight, numbered from 0
 * @nr_pages: in each slot
 * @extent: index of the extent in which the next read begins
 * @byte: offset in that extent at which the next read begins
 * @issued: reads issued so far
 * @taken: the read from which frames are copied now
 * @reusable: the slots of all reads before this one may be reused
 * @slots: read n uses slot n % THAW_SLOTS
 */
struct thaw_direct {
	u32 nr_pages;
	u32 extent;
	u64 byte;
	u64 issued;
	u64 taken;
	u64 reusable;
	struct thaw_slot slots[THAW_SLOTS];
};

/**
 * thaw_direct_possible() - whether a file can be read past the page cache
 * @file: open for reading
 *
 * FMODE_CAN_ODIRECT alone is not enough: ext4 has it, but reads encrypted and
 * journalled files through the page cache (ext4_dio_read_iter()). tmpfs has it
 * since Linux 6.6, but copies from its own pages (shmem_file_open()).
 */
bool thaw_direct_possible(struct file *file)
{
	struct kstat stat;

	if (!(file->f_mode & FMODE_CAN_ODIRECT) || !file->f_op->read_iter)
		return false;
	if (file->f_mapping->host->i_sb->s_magic == TMPFS_MAGIC)
		return false;
	if (vfs_getattr(&file->f_path, &stat, STATX_DIOALIGN, 0) ||
	    !(stat.result_mask & STATX_DIOALIGN))
		return true;
	return stat.dio_offset_align && stat.dio_offset_align <= PAGE_SIZE;
}

/* Returns the pages a slot needs: fewer than its maximum if less is read. */
static u32 thaw_pages_per_slot(const struct thaw_work *work)
{
	u64 pages = 0;
	u32 i;

	for (i = 0; i < work->nr_extents; i++)
		if (!(work->extents[i].flags & XEN_THAW_EXTENT_ZERO))
			pages += work->extents[i].nr_frames + 1;
	return min_t(u64, pages, THAW_SLOT_PAGES);
}

/**
 * thaw_direct_init() - allocate the pool of a fill
 * @work: with its extents checked
 *
 * Return: 0 or -ENOMEM; the caller calls thaw_direct_free() in both cases.
 */
int thaw_direct_init(struct thaw_work *work)
{
	const u32 nr_pages = thaw_pages_per_slot(work);
	struct thaw_direct *d;
	u32 i;

	d = kvzalloc(sizeof(*d), GFP_KERNEL);
	if (!d)
		return -ENOMEM;
	work->direct = d;
	for (i = 0; i < THAW_SLOTS; i++)
		init_completion(&d->slots[i].done);

	for (; d->nr_pages < nr_pages; d->nr_pages++) {
		for (i = 0; i < THAW_SLOTS; i++) {
			struct bio_vec *bv = &d->slots[i].bvec[d->nr_pages];

			bv->bv_page = alloc_page(GFP_KERNEL);
			if (!bv->bv_page)
				return -ENOMEM;
			bv->bv_len = PAGE_SIZE;
		}
	}
	return 0;
}

static void thaw_slot_wait(struct thaw_slot *slot)
{
	if (slot->busy)
		wait_for_completion_io(&slot->done);
	slot->busy = false;
}

/**
 * thaw_direct_free() - wait for what is in flight, and free the pool
 * @work: the fill
 */
void thaw_direct_free(struct thaw_work *work)
{
	struct thaw_direct *d = work->direct;
	u32 i, page;

	if (!d)
		return;
	for (i = 0; i < THAW_SLOTS; i++) {
		thaw_slot_wait(&d->slots[i]);
		/* After a failed allocation there may be more than nr_pages. */
		for (page = 0; page < THAW_SLOT_PAGES; page++)
			if (d->slots[i].bvec[page].bv_page)
				put_page(d->slots[i].bvec[page].bv_page);
	}
	kvfree(d);
}

/* Context: any, interrupts included. */
static void thaw_read_done(struct kiocb *iocb, long ret)
{
	struct thaw_slot *slot = container_of(iocb, struct thaw_slot, iocb);

	slot->ret = ret;
	complete(&slot->done);
}

/* Starts a read of a slot from @pos on: one page, or all that is left. */
static void thaw_slot_read(struct thaw_work *work, struct thaw_slot *slot,
			   u64 pos)
{
	const u32 first = (pos - slot->begin) >> PAGE_SHIFT;
	struct file *file = work->file;
	struct iov_iter iter;
	ssize_t ret;

	slot->pos = pos;
	slot->len = slot->single ? PAGE_SIZE : slot->end - pos;
	slot->busy = true;
	init_sync_kiocb(&slot->iocb, file);
	slot->iocb.ki_pos = pos;
	slot->iocb.ki_flags |= IOCB_DIRECT;
	slot->iocb.ki_complete = thaw_read_done;
	iov_iter_bvec(&iter, ITER_DEST, slot->bvec + first,
		      slot->len >> PAGE_SHIFT, slot->len);

	ret = rw_verify_area(READ, file, &slot->iocb.ki_pos, slot->len);
	if (ret >= 0)
		ret = file->f_op->read_iter(&slot->iocb, &iter);
	if (ret != -EIOCBQUEUED)
		thaw_read_done(&slot->iocb, ret);
}

static u64 thaw_extent_end(const struct xen_thaw_extent *e)
{
	return e->offset + ((u64)e->nr_frames << PAGE_SHIFT);
}

/* Moves on to the next extent that has bytes in the file. */
static void thaw_skip_zero(const struct thaw_work *work)
{
	struct thaw_direct *d = work->direct;

	while (d->extent < work->nr_extents &&
	       work->extents[d->extent].flags & XEN_THAW_EXTENT_ZERO)
		d->extent++;
}

/* Finds the bytes of the next read; returns false when none are left. */
static bool thaw_next_read(const struct thaw_work *work, u64 *begin, u64 *end)
{
	struct thaw_direct *d = work->direct;
	const struct xen_thaw_extent *e;
	u64 limit;

	thaw_skip_zero(work);
	if (d->extent == work->nr_extents)
		return false;
	e = &work->extents[d->extent];
	*begin = round_down(e->offset + d->byte, PAGE_SIZE);
	limit = *begin + ((u64)d->nr_pages << PAGE_SHIFT);

	for (;;) {
		*end = thaw_extent_end(e);
		if (*end > limit) {
			d->byte = limit - e->offset;
			*end = limit;
			return true;
		}
		d->extent++;
		d->byte = 0;
		thaw_skip_zero(work);
		e = &work->extents[d->extent];
		if (d->extent == work->nr_extents || e->offset < *end ||
		    e->offset - *end > THAW_MAX_GAP || e->offset >= limit)
			break;
	}
	*end = round_up(*end, PAGE_SIZE);
	return true;
}

/* Starts as many reads as there are free slots. */
static void thaw_issue(struct thaw_work *work)
{
	struct thaw_direct *d = work->direct;
	u64 begin, end;

	while (d->issued - d->reusable < THAW_SLOTS &&
	       thaw_next_read(work, &begin, &end)) {
		struct thaw_slot *slot = &d->slots[d->issued++ % THAW_SLOTS];

		/* Nobody waited for its last read if that was for a gap. */
		thaw_slot_wait(slot);
		slot->begin = begin;
		slot->end = end;
		slot->single = false;
		thaw_slot_read(work, slot, begin);
	}
}

/*
 * Waits until a slot has the byte at @want. After a failure, the pages are read
 * one by one when they are needed: the fill stops at exactly the page that
 * fails, and a bad page in a gap does not stop it.
 */
static int thaw_slot_get(struct thaw_work *work, struct thaw_slot *slot,
			 u64 want)
{
	const u64 pos = round_down(want, PAGE_SIZE);

	for (;;) {
		thaw_slot_wait(slot);
		if (slot->ret > 0 && want < slot->pos + slot->ret)
			return 0;
		/* The filesystem wants a larger alignment than a page. */
		if (slot->ret == -EINVAL)
			return -EOPNOTSUPP;
		if (slot->ret < 0 && slot->single && slot->pos == pos)
			return slot->ret;
		if (slot->ret >= 0 && slot->pos == pos)
			return -ENODATA;
		if (slot->ret < 0)
			slot->single = true;
		thaw_slot_read(work, slot, pos);
	}
}

/* Finds the slot with the byte at @want, and waits for it. */
static struct thaw_slot *thaw_seek(struct thaw_work *work, u64 want)
{
	struct thaw_direct *d = work->direct;
	int err;

	for (;;) {
		struct thaw_slot *slot;

		/* Not within a frame: its bounce page would be lost. */
		if (!work->at.byte && d->reusable < d->taken) {
			err = thaw_flush(work);
			if (err)
				return ERR_PTR(err);
			d->reusable = d->taken;
		}
		thaw_issue(work);
		if (WARN_ON_ONCE(d->taken == d->issued))
			return ERR_PTR(-EIO);

		slot = &d->slots[d->taken % THAW_SLOTS];
		if (want >= slot->pos && want < slot->end) {
			err = thaw_slot_get(work, slot, want);
			return err ? ERR_PTR(err) : slot;
		}
		d->taken++;
	}
}

/* Adds the bytes of the current frame that lie in one page, from @want on. */
static ssize_t thaw_append_slot(struct thaw_work *work, u64 want)
{
	struct thaw_slot *slot = thaw_seek(work, want);
	const u32 offset = offset_in_page(want);
	u32 len;
	int err;

	if (IS_ERR(slot))
		return PTR_ERR(slot);
	len = min_t(u64, PAGE_SIZE - max(work->at.byte, offset),
		    slot->pos + slot->ret - want);
	err = thaw_append(work,
			  slot->bvec[(want - slot->begin) >> PAGE_SHIFT].bv_page,
			  offset, len);
	if (err)
		return err;
	return len;
}

/**
 * thaw_append_direct() - add bytes of a file from direct reads
 * @work: the fill, with its pool
 * @pos: in the file, for the next frame
 * @bytes: whole frames, at least 1
 *
 * Return: @bytes, or the error that stopped it (see xen_thaw.h).
 */
ssize_t thaw_append_direct(struct thaw_work *work, loff_t pos, u64 bytes)
{
	u64 done = 0;
	ssize_t ret;

	while (done < bytes) {
		ret = thaw_append_slot(work, pos + done);
		if (ret < 0)
			return ret;
		done += ret;
	}
	return done;
}
