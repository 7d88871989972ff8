/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What xen-thaw adds to save files: optional records of the libxc stream, which
 * stock skips. docs/format.md describes them byte by byte. All members are
 * little-endian, all sums CRC32C.
 */
#ifndef XEN_THAW_FORMAT_H
#define XEN_THAW_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Record types: bit 31, and "Thw" in ASCII above a number. */
enum thaw_rec_type {
	REC_THAW_PADDING	= 0xd4687700U,
	REC_THAW_INDEX		= 0xd4687701U,
	REC_THAW_PAGE_SUMS	= 0xd4687702U,
	REC_THAW_LAST		= 0xd46877ffU,	/* that a later version may add */
};

#define THAW_INDEX_MAGIC	"xen-thaw"
#define THAW_INDEX_VERSION	1U

/* Sums of a file's bytes that are no PAGE_DATA: head, front, back, tail. */
#define THAW_SPANS		4U

/**
 * struct thaw_span - bytes of the file and their sum
 * @offset: in the file
 * @size: bytes
 * @sum: of them
 * @reserved: 0
 */
struct thaw_span {
	uint64_t offset;
	uint64_t size;
	uint32_t sum;
	uint32_t reserved;
};

/**
 * struct thaw_index - body of the INDEX record, the first of the libxc stream
 * @magic: THAW_INDEX_MAGIC without its NUL
 * @version: THAW_INDEX_VERSION
 * @sum: of the record with its header, and with this member 0; all versions have
 *	it here
 * @size: of the file, up to the end of the libxl stream; 0: not known
 * @end: offset of the END record of the libxc stream
 * @nr_records: PAGE_DATA records
 * @nr_pages: entries with data in them
 * @nr_zero: how many of these are zero
 * @nr_spans: members of @spans; 0 in a file without sums
 * @reserved: 0
 * @spans: in the order of the file
 */
struct thaw_index {
	char magic[8];
	uint32_t version;
	uint32_t sum;
	uint64_t size;
	uint64_t end;
	uint64_t nr_records;
	uint64_t nr_pages;
	uint64_t nr_zero;
	uint32_t nr_spans;
	uint32_t reserved;
	struct thaw_span spans[THAW_SPANS];
};

/**
 * struct thaw_index_record - an INDEX record as it is in the file
 * @type: REC_THAW_INDEX
 * @length: of @index
 * @index: the body
 */
struct thaw_index_record {
	uint32_t type;
	uint32_t length;
	struct thaw_index index;
};

/**
 * struct thaw_page_sums - body of a PAGE_SUMS record, just before a PAGE_DATA
 * @sum: of all bytes from this record's header to the last entry of the
 *	PAGE_DATA record, with this member 0
 * @count: entries with data in the PAGE_DATA record
 * @pages: sum of each page; zeros follow up to the end of the record
 */
struct thaw_page_sums {
	uint32_t sum;
	uint32_t count;
	uint32_t pages[];
};

/**
 * thaw_sum() - CRC32C
 * @sum: of the bytes before; 0 where there are none
 * @buf: more bytes
 * @size: of @buf
 *
 * Return: the sum of both.
 */
uint32_t thaw_sum(uint32_t sum, const void *buf, size_t size);

/**
 * thaw_seal_index() - complete an INDEX record
 * @r: the header, magic, version and sum are filled in, the rest is there
 */
void thaw_seal_index(struct thaw_index_record *r);

/**
 * thaw_zero_page_sum() - CRC32C of a page of zeros
 *
 * Return: the sum, computed once.
 */
uint32_t thaw_zero_page_sum(void);

#endif /* XEN_THAW_FORMAT_H */
