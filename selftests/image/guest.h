/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What stock makes of a save file: a model of its restore that knows single
 * pages only (process_page_data() of Xen's xg_sr_restore.c). Two files are the
 * same to stock when the models are.
 */
#ifndef XEN_THAW_TEST_GUEST_H
#define XEN_THAW_TEST_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "image.h"
#include "savefile.h"

/* Guests of the model are this small; its pfns are counted from a base. */
#define GUEST_PFNS	4096

/**
 * struct guest_page - a page after a restore
 * @populated: it has memory
 * @has_data: something was copied there
 * @type: of a PV guest's page: of the last entry
 * @sum: of what was copied there last
 */
struct guest_page {
	bool populated;
	bool has_data;
	uint8_t type;
	uint32_t sum;
};

/**
 * struct guest - a guest after a restore, and what else was in the file
 * @base: the first pfn
 * @pages: of the guest
 * @nr_records: records that are neither PAGE_DATA nor optional
 * @records: sum of them, headers and order included
 * @tail: sum of the libxl records behind the libxc stream
 * @config: sum of the configuration
 * @nr_page_data: PAGE_DATA records
 * @nr_data: pages of data in the file
 * @nr_unaligned: of them, those that do not start at a page of the file
 * @nr_written_zero: pages of zeros that are no hole of the file
 * @most_entries: of a PAGE_DATA record
 */
struct guest {
	uint64_t base;
	struct guest_page pages[GUEST_PFNS];
	uint32_t nr_records;
	uint32_t records;
	uint32_t tail;
	uint32_t config;
	uint32_t nr_page_data;
	uint32_t nr_data;
	uint32_t nr_unaligned;
	uint32_t nr_written_zero;
	uint32_t most_entries;
};

/* Restores a file; returns NULL, or what is wrong with the file. */
const char *guest_restore(struct guest *g, uint64_t base, int fd);

/* What stock sees a difference in; NULL where there is none. */
const char *guest_differs(const struct guest *a, const struct guest *b);

/* What stock writes before and behind the page data of a PV guest. */
void guest_pv_head(struct image *img, uint32_t max_pfn);
void guest_pv_tail(struct image *img);

#endif /* XEN_THAW_TEST_GUEST_H */
