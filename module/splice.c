// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of a file through its own splice path, which works for every filesystem,
 * reads ahead, and hands out references to pages of the page cache.
 */

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pipe_fs_i.h>
#include <linux/splice.h>

#include "thaw.h"

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

/**
 * thaw_append_spliced() - add bytes of a file through its read path
 * @work: the fill
 * @pos: in the file
 * @bytes: at least 1
 *
 * Return: bytes added from @pos on; or what stopped it (see xen_thaw.h).
 */
ssize_t thaw_append_spliced(struct thaw_work *work, loff_t pos, u64 bytes)
{
	struct splice_desc sd = {
		.total_len = min_t(u64, bytes, MAX_RW_COUNT),
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
