/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PV guests from a stream that is read once. As with a file, the stock helper
 * populates all pages, and fills page tables and the frames of the p2m; we fill the
 * others. start_info and the frames of the GDTs are known only when the page data is
 * over: the stock helper then gets what we filled there.
 */
#ifndef XEN_THAW_STREAM_PV_H
#define XEN_THAW_STREAM_PV_H

#include "flow.h"

/**
 * stream_pv_pages() - take a PAGE_DATA record, and forward the stock helper's part
 * @f: the restore
 * @rec: the record
 *
 * A page that becomes a page table is the stock helper's from then on; what we
 * filled in before is in place before the stock helper gets more of it.
 *
 * Return: as walk_records(), SAID or PASS_ON.
 */
int stream_pv_pages(struct flow *f, const struct stream_record *rec);

/**
 * stream_pv_record() - look at another record before it is forwarded
 * @f: the restore, settled
 * @rec: the record; if it names pages, it is held
 *
 * Return: as stream_pv_pages().
 */
int stream_pv_record(struct flow *f, const struct stream_record *rec);

#endif /* XEN_THAW_STREAM_PV_H */
