/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pages of a PV guest that only the stock helper can fill: it looks into
 * them or writes there. They keep their type and data in the stream that it
 * gets; the other pages are filled by us.
 */
#ifndef XEN_THAW_PLAN_PV_H
#define XEN_THAW_PLAN_PV_H

#include <stdbool.h>
#include <stdint.h>

#include "pfn_set.h"
#include "runs.h"
#include "stream.h"

/**
 * struct pv_pages - pages for the stock helper
 * @keep: pfns of page tables, start_info, GDT frames and the frames of the p2m
 * @of_vcpus: those of start_info and GDT frames, which come after the page data
 * @nr_pfns: one above the highest pfn of the guest
 * @seen_info: there was an X86_PV_INFO record
 */
struct pv_pages {
	struct pfn_set keep;
	struct ranges of_vcpus;
	uint64_t nr_pfns;
	bool seen_info;
};

/**
 * pv_pages_record() - learn from a record which pages are kept
 * @pv: all zero before the first record
 * @s: the stream
 * @rec: a record of it, in order; of PAGE_DATA its place is checked only
 *
 * Return: 0; 1 with @s->error set if only the stock helper can restore the guest
 * (a 32-bit guest, or a record that this reader does not know); -1 with @s->error
 * set.
 */
int pv_pages_record(struct pv_pages *pv, struct stream *s,
		    const struct stream_record *rec);

/**
 * pv_pages_run() - learn from a run of PAGE_DATA which pages are kept
 * @pv: of the records so far
 * @s: the stream
 * @rec: the record
 * @run: the run; page tables are kept, whatever they were before
 *
 * Return: 0, or -1 with @s->error set.
 */
int pv_pages_run(struct pv_pages *pv, struct stream *s,
		 const struct stream_record *rec, const struct page_run *run);

/**
 * pv_pages_is_table() - whether pages of a type are page tables
 * @type: PFN_*
 */
bool pv_pages_is_table(unsigned int type);

/**
 * pv_pages_free() - release what is held
 * @pv: the pages
 */
void pv_pages_free(struct pv_pages *pv);

#endif /* XEN_THAW_PLAN_PV_H */
