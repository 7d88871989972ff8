/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pages of a stream in the order in which a packed file has them, each one
 * once: what xen-thaw pack makes of all PAGE_DATA records together. Memory is
 * O(runs), never O(pages).
 */
#ifndef XEN_THAW_PACK_PAGES_H
#define XEN_THAW_PACK_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream.h"

/**
 * struct pack_run - consecutive pfns of one type
 * @pfn: the first
 * @offset: of their contents in the file; only where the type has data
 * @key: place of the entry that counts, among all entries; for pack_pages.c
 * @nr: pfns
 * @type: PFN_*
 */
struct pack_run {
	uint64_t pfn;
	uint64_t offset;
	uint64_t key;
	uint32_t nr;
	uint8_t type;
};

/**
 * struct pack_pages - all pages of a stream
 * @v: runs: first every page once, sorted by pfn, then entries that give a page
 *	of a PV guest another type
 * @nr: runs in @v
 * @nr_pages: of them, those of the first kind
 * @cap: runs that @v has room for
 * @first_after_data: offset of the first record after the last PAGE_DATA; of the
 *	first record of all where there is no PAGE_DATA
 * @packed: the stream has records that packing adds
 */
struct pack_pages {
	struct pack_run *v;
	size_t nr;
	size_t nr_pages;
	size_t cap;
	uint64_t first_after_data;
	bool packed;
};

/**
 * pack_pages_read() - walk a stream from its first record to END
 * @p: filled in; pack_pages_free() is due also after a failure
 * @s: an open stream, at its first record; behind END afterwards
 *
 * A restore of the runs in their order gives what one of all records gives: a
 * page has the contents and the type that came last. Left out are entries
 * without effect: XTAB and BROKEN where the pfn has no memory anyway.
 *
 * Records that cannot be packed are an error: version 2, VERIFY, CHECKPOINT,
 * PAGE_DATA behind HVM_PARAMS, records of unknown types.
 *
 * Return: 0, or -1 with @s->error set.
 */
int pack_pages_read(struct pack_pages *p, struct stream *s);
void pack_pages_free(struct pack_pages *p);

/**
 * struct pack_batch - what goes into one PAGE_DATA record
 * @nr: entries
 * @nr_data: of them, those with data
 * @entry: as in the record, but in the byte order of this machine
 * @source: of each entry with data, where its contents are
 */
struct pack_batch {
	uint32_t nr;
	uint32_t nr_data;
	uint64_t entry[PAGES_PER_RECORD];
	uint64_t source[PAGES_PER_RECORD];
};

/**
 * struct pack_cursor - how far pack_next_batch() has come; starts as zero
 * @run: index of the run
 * @done: pfns of it that are done
 */
struct pack_cursor {
	size_t run;
	uint32_t done;
};

/**
 * pack_next_batch() - the entries for the next record
 * @p: the pages
 * @c: where to go on
 * @b: filled in
 *
 * The pfns of an aligned 2 MiB that are all there stay in one record: Xen 4.21
 * and later restore them as a superpage then.
 *
 * Return: false when there are none left.
 */
bool pack_next_batch(const struct pack_pages *p, struct pack_cursor *c,
		     struct pack_batch *b);

#endif /* XEN_THAW_PACK_PAGES_H */
