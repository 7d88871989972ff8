/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XEN_THAW_STATS_H
#define XEN_THAW_STATS_H

#include <stdint.h>

/**
 * struct stats - what a restore did; one line of XEN_THAW_STATS
 * @engine: that filled
 * @guest: "hvm" (also PVH: the stream does not tell them apart), "pv" or
 *	"unknown"
 * @domid: of the domain
 * @result: "ok" or "failed"
 * @pages: populated
 * @zero_pages: of them, those that the image gives no contents
 * @zero_by_xen: of @zero_pages, those that Xen made zero
 * @zero_skipped: pages that the image gives contents, which are zero and did not
 *	have to be written
 * @zero_refused: why the engine wrote zero pages that Xen could have made, or NULL
 * @superpages: 2 MiB pages that Xen gave
 * @bytes: copied from the file
 * @extents: runs of bytes of the file
 * @scan_s: seconds to read the record headers and to plan
 * @populate_s: seconds
 * @fill_s: seconds
 * @total_s: seconds from the helper's start to its end
 * @hypercalls: for grant copies
 * @copy_ops: copy operations in them
 * @cache: what was done about dom0's page cache: "keep", "direct", "drop-behind"
 */
struct stats {
	const char *engine;
	const char *guest;
	const char *result;
	const char *cache;
	uint32_t domid;
	uint64_t pages;
	uint64_t zero_pages;
	uint64_t zero_by_xen;
	uint64_t zero_skipped;
	const char *zero_refused;
	uint64_t superpages;
	uint64_t bytes;
	uint64_t extents;
	double scan_s;
	double populate_s;
	double fill_s;
	double total_s;
	uint64_t hypercalls;
	uint64_t copy_ops;
};

/**
 * struct save_stats - what a save did; one line of XEN_THAW_STATS
 * @form: "packed", or "plain": as stock writes it
 * @guest: as in struct stats
 * @result: "ok" or "failed"
 * @records: PAGE_DATA records in the file
 * @pages: with data, as often as they are in the file
 * @zero_pages: of them, those that are holes
 * @again: pages of a live save that were written over older contents
 * @dropped: bytes of the file that were dropped from the page cache
 * @total_s: seconds from the helper's start to its end
 */
struct save_stats {
	const char *form;
	const char *guest;
	const char *result;
	uint64_t records;
	uint64_t pages;
	uint64_t zero_pages;
	uint64_t again;
	uint64_t dropped;
	double total_s;
};

/**
 * struct live_stats - what a live save did for the guest; one line of XEN_THAW_STATS
 * @domid: of the guest
 * @frozen_s: seconds from its suspension until it went on, or was known to be saved
 * @total_s: seconds of the whole command
 * @result: "ok" or "failed"
 */
struct live_stats {
	uint32_t domid;
	double frozen_s;
	double total_s;
	const char *result;
};

/**
 * stats_append() - append one JSON object, on a line of its own
 * @path: file, made if it is not there
 * @st: the figures
 *
 * A failure is a message, and nothing else.
 */
void stats_append(const char *path, const struct stats *st);

/**
 * stats_append_save() - the same for a save
 * @path: as for stats_append()
 * @st: the figures
 */
void stats_append_save(const char *path, const struct save_stats *st);

/**
 * stats_append_live() - the same for a live save
 * @path: as for stats_append()
 * @st: the figures
 */
void stats_append_live(const char *path, const struct live_stats *st);

#endif /* XEN_THAW_STATS_H */
