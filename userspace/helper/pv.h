/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PV guests. The stock helper keeps their table of frames, so it has to
 * populate them itself. It gets the stream with plain pages turned into XALLOC
 * entries, which it populates without data; pages that it looks into or checks
 * keep their type and data. A library preloaded into it (pv_preload.c) reports
 * where it put each pfn, and the plain pages are filled there.
 */
#ifndef XEN_THAW_PV_H
#define XEN_THAW_PV_H

#include <stdbool.h>

#include "plan.h"

/*
 * More pfns than a guest can have: the end of X86_PV_P2M_FRAMES has 32 bits. A table
 * of so many takes no memory where it has no entries.
 */
#define PV_MAX_PFNS	(UINT64_C(1) << 32)

/**
 * struct pv - a PV guest's side of a restore
 * @pages: that the stock helper fills, of the plan
 * @nr_pfns: that @table has room for
 * @table: shared with the preloaded library: mfn of each pfn, 0 if it has none
 * @table_fd: memfd behind @table; -1: none
 * @event_fd: eventfd that the library raises after each report; -1: none
 */
struct pv {
	struct pv_pages *pages;
	uint64_t nr_pfns;
	uint64_t *table;
	int table_fd;
	int event_fd;
};

void pv_free(struct pv *pv);

/**
 * pv_share() - make the table and the eventfd, for a child to inherit
 * @pv: @nr_pfns is set
 *
 * Return: 0, or -1 with errno set.
 */
int pv_share(struct pv *pv);

/**
 * pv_find_library() - find the library to preload, beside our own program
 *
 * Return: a path that the caller does not free, or NULL when it is not there.
 */
const char *pv_find_library(void);

/**
 * pv_prepare_child() - let the stock helper report; for stock_spawn()
 * @arg: struct pv, shared
 *
 * Context: the child, before it becomes the stock helper.
 */
void pv_prepare_child(void *arg);

/**
 * pv_rewrite() - make the stock helper's version of a PAGE_DATA record
 * @pv: @pages is set
 * @s: the stream
 * @rec: the record
 * @pieces: out: what of the file is to follow @record: sorted runs of bytes;
 *	the caller frees its v
 * @length: out: bytes of @record
 *
 * Return: header and list of the record, for free(); NULL with @s->error set.
 */
void *pv_rewrite(const struct pv *pv, struct stream *s,
		 const struct stream_record *rec, struct fills *pieces,
		 size_t *length);

/**
 * pv_wait_hello() - wait until the library is at work in the child
 * @pv: shared
 *
 * Return: true, or false when the child ended or does not say a thing.
 */
bool pv_wait_hello(struct pv *pv);

/**
 * pv_wait_populated() - wait until the stock helper has populated pfns
 * @pv: shared
 * @range: pfns
 * @nr: ranges
 * @missing: out: a pfn that was not reported, on failure
 *
 * Return: 0; -1 with errno set: ESRCH when the stock helper ended, ETIMEDOUT
 * when it stopped reporting, EINTR at a signal.
 */
int pv_wait_populated(struct pv *pv, const struct plan_range *range, size_t nr,
		      uint64_t *missing);

/**
 * pv_translate() - turn a run of pfns into runs of mfns
 * @pv: populated
 * @fill: of pfns
 * @out: where runs of mfns are added
 *
 * Return: 0, or -1 without memory.
 */
int pv_translate(const struct pv *pv, const struct plan_fill *fill,
		 struct fills *out);

#endif /* XEN_THAW_PV_H */
