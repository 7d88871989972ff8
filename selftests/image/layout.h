/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finds the records of a libxc stream in memory. The tests share no code with the
 * product's reader here.
 */
#ifndef XEN_THAW_TEST_LAYOUT_H
#define XEN_THAW_TEST_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#define RECORD_HEADER	8U
#define LIBXC_HEADERS	40U

/**
 * struct record - a record
 * @offset: offset of its header
 * @end: offset of the end of its padding, or of the file if that is shorter
 * @type: REC_*
 * @length: length in the header
 */
struct record {
	size_t offset;
	size_t end;
	uint32_t type;
	uint32_t length;
};

/**
 * struct records - the records of a stream
 * @libxc: offset of the stream
 * @nr: number of records in @v
 * @v: the records in the order of the file, up to END or the end of the file
 */
struct records {
	size_t libxc;
	size_t nr;
	struct record v[4096];
};

/* Finds the records. @nr is 0 if there is no libxc stream. */
void records_find(struct records *r, const uint8_t *buf, size_t len);

uint32_t get32(const uint8_t *p);
uint64_t get64(const uint8_t *p);
void put32(uint8_t *p, uint32_t value);
void put64(uint8_t *p, uint64_t value);

/* Returns how many entries of a PAGE_DATA record are in the file. Its count may lie. */
uint32_t record_entries(const struct record *rec, const uint8_t *buf);

#endif /* XEN_THAW_TEST_LAYOUT_H */
