/* SPDX-License-Identifier: GPL-2.0 */
/* Where the records of a libxc stream in memory are: a reader for tests alone. */
#ifndef XEN_THAW_TEST_LAYOUT_H
#define XEN_THAW_TEST_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#define RECORD_HEADER	8U
#define LIBXC_HEADERS	40U

/**
 * struct record - a record
 * @offset: of its header
 * @end: of its body with padding; not beyond the file
 * @type: REC_*
 * @length: as the header has it
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
 * @nr: members of @v
 * @v: in the order of the file, up to END or to what is no record
 */
struct records {
	size_t libxc;
	size_t nr;
	struct record v[4096];
};

/* Finds them; @nr is 0 where there is no libxc stream. */
void records_find(struct records *r, const uint8_t *buf, size_t len);

uint32_t get32(const uint8_t *p);
uint64_t get64(const uint8_t *p);
void put32(uint8_t *p, uint32_t value);
void put64(uint8_t *p, uint64_t value);

/* Entries of a PAGE_DATA record that lie in the file, whatever its count says. */
uint32_t record_entries(const struct record *rec, const uint8_t *buf);

#endif /* XEN_THAW_TEST_LAYOUT_H */
