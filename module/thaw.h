/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The floors of the module. Each calls only those below it:
 *
 *	main.c		the device and its calls
 *	fill.c		one call: its arguments, who else has the window
 *	source.c	where pages come from, extent by extent; for a file's:
 *	  cached.c	  the page cache, without the filesystem
 *	  splice.c	  the filesystem's read path
 *	  direct.c	  reads past the page cache
 *	append.c	where pages go, frame by frame
 *	batch.c		grant window, and operations given to Xen
 */
#ifndef XEN_THAW_MODULE_H
#define XEN_THAW_MODULE_H

#include <linux/list.h>
#include <linux/types.h>
#include <xen/page.h>
#include <xen/interface/xen.h>
#include <xen/interface/grant_table.h>

#include "xen_thaw.h"

struct file;
struct page;
struct thaw_direct;

/* Entries 0-7 of a grant table are reserved (GNTTAB_NR_RESERVED_ENTRIES). */
#define THAW_FIRST_REF	8
/* Number of version 1 entries in frame 0 of a grant table. */
#define THAW_END_REF	(XEN_PAGE_SIZE / sizeof(struct grant_entry_v1))

/* 24 bytes each: keeps a fill well under 1 MiB of kernel memory. */
#define THAW_MAX_EXTENTS	16384

/* Half a MiB for each fill that needs bounce pages. */
#define THAW_BOUNCE_PAGES	128U

/**
 * struct thaw_batch - grant window and the copy operations being collected
 * @domid: the domain whose frames are granted
 * @window: entry of the first ref, in the caller's mapping
 * @first_ref: first grant ref of the window
 * @nr_refs: grant refs in the window
 * @entries: next contents of the window: array of @nr_refs; zero for a frame
 *	that is skipped
 * @used: entries of @entries in use: frames of the batch
 * @ops: operations: array of @max_ops
 * @pages: the page that each of @ops reads; the batch holds references
 * @bounce: array of @nr_bounce pages in which frames are put together, or NULL
 * @nr_bounce: number of bounce pages
 * @bounced: number of bounce pages that the batch uses
 * @nr_ops: operations in the batch
 * @max_ops: room for operations
 * @hypercalls: hypercalls made so far
 * @copy_ops: operations given to Xen so far
 * @skipped: frames skipped so far
 * @grant_status: status of the operation that Xen refused, else GNTST_okay
 */
struct thaw_batch {
	domid_t domid;
	struct grant_entry_v1 __user *window;
	u32 first_ref;
	u32 nr_refs;
	struct grant_entry_v1 *entries;
	u32 used;
	struct gnttab_copy *ops;
	struct page **pages;
	struct page **bounce;
	u32 nr_bounce;
	u32 bounced;
	u32 nr_ops;
	u32 max_ops;
	u64 hypercalls;
	u64 copy_ops;
	u64 skipped;
	int grant_status;
};

int thaw_batch_init(struct thaw_batch *b, const struct xen_thaw_fill *args);
int thaw_batch_init_bounce(struct thaw_batch *b);
void thaw_batch_free(struct thaw_batch *b);
int thaw_batch_check_unused(struct thaw_batch *b);
bool thaw_batch_has_room(const struct thaw_batch *b, bool new_frame,
			 u32 nr_ops);
void thaw_batch_add(struct thaw_batch *b, struct page *page, u32 src_offset,
		    u64 frame, u32 dst_offset, u32 len);
void thaw_batch_skip(struct thaw_batch *b);
int thaw_batch_submit(struct thaw_batch *b, u32 *frames_ok);

/**
 * struct thaw_cursor - a place in an extent list
 * @extent: index of the extent
 * @frame: index of the frame in the extent
 * @byte: offset in the frame
 */
struct thaw_cursor {
	u32 extent;
	u32 frame;
	u32 byte;
};

/**
 * struct thaw_work - one fill under way
 * @file: the file to read from
 * @extents: array of @nr_extents
 * @nr_extents: at least 1
 * @at: where the next byte goes, once its batch is submitted
 * @zero: the bytes of the frame before @at are zero, and are not in the batch
 * @done: where the current batch began: everything before it is written
 * @frames_done: number of frames before @done
 * @begun: all checks have passed: an error from now on stops the fill part way
 * @error: error of the splice actor, which splice itself may not return
 * @direct: reads past the page cache, or NULL
 * @batch: window and operations
 * @list: entry in the list of running fills; thaw_fills_lock protects it
 */
struct thaw_work {
	struct file *file;
	struct xen_thaw_extent *extents;
	u32 nr_extents;
	struct thaw_cursor at;
	bool zero;
	struct thaw_cursor done;
	u64 frames_done;
	bool begun;
	int error;
	struct thaw_direct *direct;
	struct thaw_batch batch;
	struct list_head list;
};

int thaw_flush(struct thaw_work *work);
int thaw_append(struct thaw_work *work, struct page *page, u32 offset,
		size_t len);

bool thaw_cache_usable(const struct file *file);
ssize_t thaw_append_cached(struct thaw_work *work, loff_t pos, u64 bytes);

ssize_t thaw_append_spliced(struct thaw_work *work, loff_t pos, u64 bytes);

bool thaw_direct_possible(struct file *file);
int thaw_direct_init(struct thaw_work *work);
void thaw_direct_free(struct thaw_work *work);
ssize_t thaw_append_direct(struct thaw_work *work, loff_t pos, u64 bytes);

int thaw_copy_extents(struct thaw_work *work);

int thaw_fill(struct xen_thaw_fill *args);

#endif /* XEN_THAW_MODULE_H */
