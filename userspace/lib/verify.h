/* SPDX-License-Identifier: GPL-2.0 */
/* Checks save files: their structure, and their checksums if they have any. */
#ifndef XEN_THAW_VERIFY_H
#define XEN_THAW_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "format.h"
#include "page_data.h"
#include "savefile.h"

/**
 * struct verify - what is known of a file after it was checked
 * @file: the file; its error says what is wrong
 * @indexed: it has an index
 * @nr_records: PAGE_DATA records
 * @nr_pages: entries with data in them
 * @nr_summed: how many of these had a checksum, which was compared
 * @nr_zero: how many of these are zero
 * @summed_bytes: bytes of the file that its checksums cover
 * @size: of the file, up to the end of the libxl stream
 * @rest: bytes behind that
 * @index: of the file, in its byte order; only if @indexed
 * @index_offset: of the index in the file
 * @end: offset of the END record
 * @next_span: first span of @index that was not compared yet
 * @previous: offset of the record before the one that is checked
 * @record: offset of the PAGE_DATA record that is checked
 * @pages_end: where that ends
 * @first_sums: offset of the first PAGE_SUMS record
 * @sums: PAGE_SUMS record of the next PAGE_DATA; its @body is 0: none
 * @page_sums: of @sums, for free()
 * @nr_sums: members of @page_sums
 * @next_sum: of the next page in @page_sums
 * @data: buffer
 * @seen: records of each type
 * @wide: a PV guest of 64 bits
 * @max_pfn: the highest one of a PV guest
 */
struct verify {
	struct savefile file;
	bool indexed;
	uint64_t nr_records;
	uint64_t nr_pages;
	uint64_t nr_summed;
	uint64_t nr_zero;
	uint64_t summed_bytes;
	uint64_t size;
	uint64_t rest;

	struct thaw_index index;
	uint64_t index_offset;
	uint64_t end;
	uint32_t next_span;
	uint64_t previous;
	uint64_t record;
	uint64_t pages_end;
	uint64_t first_sums;
	struct stream_record sums;
	uint32_t *page_sums;
	uint32_t nr_sums;
	uint32_t next_sum;
	struct page_data data;
	uint32_t seen[REC_X86_MSR_POLICY + 1];
	bool wide;
	uint64_t max_pfn;
};

/**
 * verify_file() - check a save file from its first byte to its last
 * @v: filled in
 * @fd: the file; its offset moves
 * @name: for messages
 *
 * Page data is read if it has checksums, but not in holes. What the index says
 * about the file is checked, too.
 *
 * Return: 0, or -1 with the error of @v->file.stream set. It describes the first
 * fault in the file.
 */
int verify_file(struct verify *v, int fd, const char *name);

/**
 * verify_stream() - check the libxc stream in a file
 * @v: filled in, but for @size and @rest
 * @fd: the file; its offset moves
 * @name: for messages
 * @start: offset of the stream
 *
 * What is around the stream is checked only if it has checksums.
 *
 * Return: as verify_file().
 */
int verify_stream(struct verify *v, int fd, const char *name, uint64_t start);

#endif /* XEN_THAW_VERIFY_H */
