// SPDX-License-Identifier: GPL-2.0
/*
 * Take pages of a file from the page cache without asking the filesystem.
 *
 * A read or a mapping of the file shows the same page, if that is up to date
 * (filemap_read(), filemap_map_pages()). Taking it directly needs a tenth of
 * the instructions of a splice. The splice does everything else.
 */

#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/swap.h>
/* struct folio_batch; Linux 7.3 has no <linux/pagevec.h> any more. */
#if __has_include("linux/folio_batch.h")
#include <linux/folio_batch.h>
#else
#include <linux/pagevec.h>
#endif

#include "thaw.h"

/* Not in <linux/magic.h>. */
#define THAW_XFS_MAGIC	0x58465342

/**
 * thaw_cache_usable() - whether pages may be taken without the filesystem
 * @file: open for reading
 *
 * The answer is yes only for filesystems whose source was checked. Others may
 * index the cache in units of their own (hugetlbfs), ask a server before each
 * read, or forbid reading (secretmem).
 */
bool thaw_cache_usable(const struct file *file)
{
	/* A direct read writes dirty pages out first; leave that to splice. */
	if (file->f_flags & O_DIRECT)
		return false;
	switch (file->f_mapping->host->i_sb->s_magic) {
	case EXT4_SUPER_MAGIC:
	case TMPFS_MAGIC:
	case THAW_XFS_MAGIC:
	case BDEVFS_MAGIC:
		return true;
	default:
		return false;
	}
}

/*
 * Adds the bytes of a folio from @pos on. Return: their number, 0 if the folio
 * cannot be used, or what thaw_append() returned.
 */
static ssize_t thaw_append_folio(struct thaw_work *work, struct folio *folio,
				 loff_t pos, u64 bytes)
{
	const u64 end = min_t(u64, folio_pos(folio) + folio_size(folio),
			      pos + bytes);
	loff_t at = pos;

	/* Not so if the previous folio was not used to its end. */
	if (!folio_contains(folio, pos >> PAGE_SHIFT))
		return 0;
	/* A readahead mark is for the read path, which then reads ahead. */
	if (!folio_test_uptodate(folio) || folio_test_readahead(folio))
		return 0;
	while (at < end) {
		struct page *page = folio_file_page(folio, at >> PAGE_SHIFT);
		const u32 offset = offset_in_page(at);
		const u32 len = min_t(u64, PAGE_SIZE - offset, end - at);
		int err;

		if (PageHWPoison(page))
			break;
		err = thaw_append(work, page, offset, len);
		if (err)
			return err;
		at += len;
	}
	folio_mark_accessed(folio);
	return at - pos;
}

/**
 * thaw_append_cached() - add the pages of a file that are in the page cache
 * @work: the fill
 * @pos: in the file
 * @bytes: at least 1
 *
 * Return: bytes added from @pos on; 0 if the filesystem has to be asked; or
 * what thaw_append() returned.
 */
ssize_t thaw_append_cached(struct thaw_work *work, loff_t pos, u64 bytes)
{
	pgoff_t index = pos >> PAGE_SHIFT;
	struct folio_batch folios;
	ssize_t done = 0, ret = 1;
	unsigned int i;

	folio_batch_init(&folios);
	filemap_get_folios_contig(work->file->f_mapping, &index,
				  (pos + bytes - 1) >> PAGE_SHIFT, &folios);
	for (i = 0; ret > 0 && i < folio_batch_count(&folios); i++) {
		ret = thaw_append_folio(work, folios.folios[i], pos + done,
					bytes - done);
		if (ret > 0)
			done += ret;
	}
	folio_batch_release(&folios);
	return ret < 0 ? ret : done;
}
