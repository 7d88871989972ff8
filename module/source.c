// SPDX-License-Identifier: GPL-2.0
/*
 * Choose where the pages of an extent come from: the zero page, or one of three ways
 * to read a file. The three ways do not depend on each other.
 */

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "thaw.h"

/* Bytes to splice before the page cache is tried again. */
#define THAW_MAX_SPLICE	SZ_1M

/* The filesystem reads the pages that the page cache does not have ready. */
static int thaw_read(struct thaw_work *work, loff_t pos, u64 bytes)
{
	const bool usable = thaw_cache_usable(work->file);
	const u64 most = usable ? THAW_MAX_SPLICE : U64_MAX;
	bool cached = false;
	ssize_t ret;

	/* Since 6.12 the caller of a splice has to do this. */
	ret = rw_verify_area(READ, work->file, &pos, bytes);
	while (ret >= 0 && bytes) {
		ret = usable ? thaw_append_cached(work, pos, bytes) : 0;
		if (ret > 0)
			cached = true;
		else if (!ret)
			ret = thaw_append_spliced(work, pos, min(bytes, most));
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

static int thaw_read_direct(struct thaw_work *work, loff_t pos, u64 bytes)
{
	const ssize_t ret = thaw_append_direct(work, pos, bytes);

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
			err = thaw_read_direct(work, e->offset,
					       thaw_contiguous(work, i));
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
