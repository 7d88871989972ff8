/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A model of stock's restore, as process_page_data() of Xen's xg_sr_restore.c does
 * it. It knows single pages only. If two files give the same model, stock restores
 * the same guest from both.
 */
#ifndef XEN_THAW_TEST_GUEST_H
#define XEN_THAW_TEST_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "image.h"
#include "savefile.h"

/* A guest of the model has at most this many pfns, counted from a base. */
#define GUEST_PFNS	4096

/**
 * struct guest_page - a page after a restore
 * @populated: the page has memory
 * @has_data: data was copied to it
 * @type: type of its last entry, for PV guests only
 * @sum: checksum of the data that was copied last
 */
struct guest_page {
	bool populated;
	bool has_data;
	uint8_t type;
	uint32_t sum;
};

/**
 * struct guest - a guest after a restore, and the rest of its file
 * @base: the first pfn
 * @pages: pages of the guest
 * @nr_records: number of records that are neither PAGE_DATA nor optional
 * @records: checksum of these records, which covers headers and order
 * @tail: checksum of the libxl records after the libxc stream
 * @config: checksum of the configuration
 * @nr_page_data: number of PAGE_DATA records
 * @nr_data: number of pages of data in the file
 * @nr_unaligned: number of these pages that are not page-aligned in the file
 * @nr_written_zero: number of pages of zeros that are no hole of the file
 * @most_entries: number of entries of the longest PAGE_DATA record
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

/* Restores a file. Returns NULL, or an error. */
const char *guest_restore(struct guest *g, uint64_t base, int fd);

/* Returns the first difference that stock would see, or NULL if there is none. */
const char *guest_differs(const struct guest *a, const struct guest *b);

/* Write what stock writes before and after the page data of a PV guest. */
void guest_pv_head(struct image *img, uint32_t max_pfn);
void guest_pv_tail(struct image *img);

#endif /* XEN_THAW_TEST_GUEST_H */
