// SPDX-License-Identifier: GPL-2.0
/*
 * The grant window and batches of GNTTABOP_copy.
 *
 * A frame of another domain can be written only through a grant entry of that
 * domain (Xen, gnttab_copy_lock_domain(): "Only DOMID_SELF may reference via
 * frame"). The caller maps the new domain's grant table; each batch writes its
 * entries there, copies, and leaves zeros behind.
 */

#include <linux/delay.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <xen/page.h>
#include <asm/xen/hypercall.h>

#include "thaw.h"

/* Milliseconds to wait before a frame that Xen has paged out is tried again. */
#define THAW_EAGAIN_DELAY	10

/**
 * thaw_batch_init() - allocate for one fill
 * @b: all zero
 * @args: checked arguments of the fill
 *
 * Return: 0 or -ENOMEM; the caller calls thaw_batch_free() in both cases.
 */
int thaw_batch_init(struct thaw_batch *b, const struct xen_thaw_fill *args)
{
	b->domid = args->domid;
	b->window = u64_to_user_ptr(args->window);
	b->window += args->first_ref;
	b->first_ref = args->first_ref;
	b->nr_refs = args->nr_refs;
	/* An unaligned page takes two operations: it lies in two file pages. */
	b->max_ops = 2 * args->nr_refs;

	b->entries = kcalloc(b->nr_refs, sizeof(*b->entries), GFP_KERNEL);
	b->pages = kvcalloc(b->max_ops, sizeof(*b->pages), GFP_KERNEL);
	b->ops = kvcalloc(b->max_ops, sizeof(*b->ops), GFP_KERNEL);
	return b->entries && b->pages && b->ops ? 0 : -ENOMEM;
}

/**
 * thaw_batch_init_bounce() - allocate pages in which frames are put together
 * @b: from thaw_batch_init()
 *
 * A frame whose bytes lie in two pages of the file takes two operations. In an
 * auto-translated dom0 an operation costs several times as much as a copy of
 * 4 KiB, because Xen walks dom0's page tables to read the operation and to
 * write its status (docs/design.md). There, one more copy is cheaper than one
 * more operation.
 *
 * Return: 0 or -ENOMEM; the caller calls thaw_batch_free() in both cases.
 */
int thaw_batch_init_bounce(struct thaw_batch *b)
{
	const u32 want = min_t(u32, b->nr_refs, THAW_BOUNCE_PAGES);

	b->bounce = kcalloc(want, sizeof(*b->bounce), GFP_KERNEL);
	if (!b->bounce)
		return -ENOMEM;
	while (b->nr_bounce < want) {
		struct page *page = alloc_page(GFP_KERNEL);

		if (!page)
			return -ENOMEM;
		b->bounce[b->nr_bounce++] = page;
	}
	return 0;
}

static void thaw_batch_reset(struct thaw_batch *b)
{
	u32 i;

	for (i = 0; i < b->nr_ops; i++)
		put_page(b->pages[i]);
	b->nr_ops = 0;
	b->used = 0;
	b->bounced = 0;
}

void thaw_batch_free(struct thaw_batch *b)
{
	thaw_batch_reset(b);
	while (b->nr_bounce)
		put_page(b->bounce[--b->nr_bounce]);
	kfree(b->bounce);
	kvfree(b->ops);
	kvfree(b->pages);
	kfree(b->entries);
}

/**
 * thaw_batch_check_unused() - refuse a domain that has granted something
 * @b: the batch
 *
 * Return: 0, -EBUSY or -EFAULT.
 */
int thaw_batch_check_unused(struct thaw_batch *b)
{
	const size_t bytes = b->nr_refs * sizeof(*b->entries);

	if (copy_from_user(b->entries, b->window, bytes))
		return -EFAULT;
	return memchr_inv(b->entries, 0, bytes) ? -EBUSY : 0;
}

/**
 * thaw_batch_has_room() - whether more can be added
 * @b: the batch
 * @new_frame: it is for a new frame
 * @nr_ops: operations to add
 */
bool thaw_batch_has_room(const struct thaw_batch *b, bool new_frame, u32 nr_ops)
{
	if (b->max_ops - b->nr_ops < nr_ops)
		return false;
	return !new_frame || (b->used < b->nr_refs &&
			      (!b->bounce || b->bounced < b->nr_bounce));
}

static void thaw_batch_add_op(struct thaw_batch *b, struct page *page,
			      u32 src_offset, u64 frame, u32 dst_offset,
			      u32 len)
{
	struct gnttab_copy *op = &b->ops[b->nr_ops];

	if (!dst_offset || !b->used)
		b->entries[b->used++] = (struct grant_entry_v1) {
			.flags = GTF_permit_access,
			.domid = 0,	/* dom0: no other domain loads us */
			.frame = frame,
		};

	*op = (struct gnttab_copy) {
		.source.u.gmfn = xen_page_to_gfn(page),
		.source.domid = DOMID_SELF,
		.source.offset = src_offset,
		.dest.u.ref = b->first_ref + b->used - 1,
		.dest.domid = b->domid,
		.dest.offset = dst_offset,
		.len = len,
		.flags = GNTCOPY_dest_gref,
	};
	get_page(page);
	b->pages[b->nr_ops++] = page;
}

/**
 * thaw_batch_add() - add a copy into a frame
 * @b: a batch with room
 * @page: to read; the batch holds a reference until it is submitted
 * @src_offset: in @page
 * @frame: to write: the frame of the previous call, or a new one if @dst_offset
 *	is 0 or the batch is empty
 * @dst_offset: in @frame
 * @len: bytes, within one page on both sides
 */
void thaw_batch_add(struct thaw_batch *b, struct page *page, u32 src_offset,
		    u64 frame, u32 dst_offset, u32 len)
{
	struct page *bounce;

	if (!b->bounce || len == PAGE_SIZE) {
		thaw_batch_add_op(b, page, src_offset, frame, dst_offset, len);
		return;
	}

	bounce = b->bounce[b->bounced];
	memcpy_page(bounce, dst_offset, page, src_offset, len);
	if (dst_offset + len < PAGE_SIZE)
		return;
	thaw_batch_add_op(b, bounce, 0, frame, 0, PAGE_SIZE);
	b->bounced++;
}

/**
 * thaw_batch_skip() - leave the next frame alone
 * @b: a batch with room for a new frame
 *
 * The frame has its place in the window, so that the ref of an operation says how
 * many frames come before it.
 */
void thaw_batch_skip(struct thaw_batch *b)
{
	b->entries[b->used++] = (struct grant_entry_v1) { };
}

/* Counts the complete frames of the batch: the last one may be cut. */
static u32 thaw_batch_frames(const struct thaw_batch *b)
{
	const struct gnttab_copy *last = &b->ops[b->nr_ops - 1];
	const bool cut = last->dest.offset + last->len < PAGE_SIZE;

	return b->used - cut;
}

static void thaw_batch_count_skipped(struct thaw_batch *b, u32 frames)
{
	u32 i;

	for (i = 0; i < frames; i++)
		b->skipped += !b->entries[i].flags;
}

/*
 * Runs the operations from *first on, and sets *first to the number of
 * operations of the batch that are done. When an operation is repeated, all
 * later ones are repeated too: if two copies go to one frame, the later one
 * still wins.
 */
static int thaw_batch_copy(struct thaw_batch *b, u32 *first)
{
	int rc;

	for (;;) {
		b->hypercalls++;
		b->copy_ops += b->nr_ops - *first;
		rc = HYPERVISOR_grant_table_op(GNTTABOP_copy, b->ops + *first,
					       b->nr_ops - *first);
		if (rc)
			return rc < 0 ? rc : -EIO;

		while (*first < b->nr_ops &&
		       b->ops[*first].status == GNTST_okay)
			++*first;
		if (*first == b->nr_ops)
			return 0;
		if (b->ops[*first].status != GNTST_eagain) {
			b->grant_status = b->ops[*first].status;
			return -EIO;
		}
		if (msleep_interruptible(THAW_EAGAIN_DELAY))
			return -EINTR;
	}
}

/**
 * thaw_batch_submit() - copy what was added, and empty the batch
 * @b: the batch
 * @frames_ok: out: how many frames of the batch are written, counted from the
 *	first; after an error all later ones have to be done again
 *
 * Context: may sleep.
 * Return: 0; -EINTR; -EFAULT if the window went away; -EIO if Xen refused a
 * copy; or what the hypercall returned.
 */
int thaw_batch_submit(struct thaw_batch *b, u32 *frames_ok)
{
	const size_t bytes = b->used * sizeof(*b->entries);
	u32 first = 0;
	int err;

	*frames_ok = 0;
	if (!b->nr_ops) {
		*frames_ok = b->used;
		b->skipped += b->used;
		thaw_batch_reset(b);
		return 0;
	}

	if (copy_to_user(b->window, b->entries, bytes)) {
		err = -EFAULT;
	} else {
		err = thaw_batch_copy(b, &first);
		*frames_ok = err ? b->ops[first].dest.u.ref - b->first_ref :
				   thaw_batch_frames(b);
	}
	/* Clear it after a failed copy, too: no grant outlives its batch. */
	if (clear_user(b->window, bytes))
		err = -EFAULT;
	thaw_batch_count_skipped(b, *frames_ok);
	thaw_batch_reset(b);
	return err;
}
