/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libxenguest maps the gfns of a PVH or HVM guest one by one: at least a million,
 * most of which do not exist. It calls xc_map_foreign_range(). xen-thaw-dump.so has
 * its own function of that name, which the loader finds before libxenctrl's; it
 * maps many frames at once.
 */
#ifndef XEN_THAW_DUMP_MAP_H
#define XEN_THAW_DUMP_MAP_H

#include <stdbool.h>

struct xentoollog_logger;

/**
 * dump_map_begin() - before the library is called
 * @logger: for libxenforeignmemory
 * @gfns: the domain's frames are gfns, asked for in their order; not mfns
 *
 * Return: 0, or -1 with errno set; no frame can be mapped then.
 */
int dump_map_begin(struct xentoollog_logger *logger, bool gfns);

/**
 * dump_map_end() - when the library has returned
 */
void dump_map_end(void);

#endif /* XEN_THAW_DUMP_MAP_H */
