// SPDX-License-Identifier: GPL-2.0
/*
 * Where pages come from: extent by extent, the zero page or one of three ways to
 * the pages of a file. These know nothing of each other.
 */

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "thaw.h"

/* Read by the filesystem before the page cache is looked at again. */
#define THAW_MAX_SPLICE	SZ_1M

/* What the page cache does not have ready is read by the filesystem. */
static int thaw_read(struct thaw_work *work, loff_t pos, u64 bytes)
{
	const bool usable = thaw_cache_usable(work->file);
	const u64 most = usable ? THAW_MAX_SPLICE : U64_MAX;
	bool cached = false;
	ssize_t ret;

	/* From 6.12 on the splice below leaves this to its caller. */
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
	/* A splice does it itself. */
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

/* Bytes of the extents from @first on that follow each other in the file. */
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
 * @work: the fill; done and frames_done say how far it came, also on failure
 *
 * Return: 0, or what stopped it (see xen_thaw.h).
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
	 * Also what was read before a failure, so that the place is exact; where
	 * that fails, too, or a signal comes, it is the place of this error.
	 */
	flush_err = thaw_flush(work);
	return flush_err ?: err;
}
