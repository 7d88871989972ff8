/* SPDX-License-Identifier: GPL-2.0 */
/* What save_stream.c and save_pages.c share. */
#ifndef XEN_THAW_SAVE_PARTS_H
#define XEN_THAW_SAVE_PARTS_H

#include "format.h"
#include "save_again.h"
#include "save_stream.h"

/* Pages read at once: few, so that they are in the processor's cache. */
#ifndef CHUNK
#define CHUNK		256U
#endif
#define CHUNK_SIZE	((size_t)CHUNK * XT_PAGE_SIZE)

/* Of all records: numbers are little-endian, @length is that of the body. */
struct record_header {
	uint32_t type;
	uint32_t length;
};

/**
 * struct saver - a stream being written
 * @job: what to do
 * @out: the file, of @job
 * @index: of the file
 * @index_offset: of @index in the file
 * @taken: bytes of the stream so far
 * @hvm: an HVM or PVH guest
 * @once: pages that come again are written over those of before; until the state of
 *	the vCPUs comes, behind which no page does
 * @nr: entries of the PAGE_DATA record in the making
 * @nr_data: of them, those with data
 * @cap: entries that there is room for
 * @entry: entries, in the byte order of this machine
 * @sum: of each page of data
 * @nr_come: pages of data that the stream's record has; without @once, @nr_data
 * @come: their entries
 * @place: where each is in the file already; 0: in the record in the making
 * @head: room for what precedes the data
 * @page: room for CHUNK pages
 * @again: what is in the file, with @once
 * @check: to look at the stream's headers
 */
struct saver {
	struct save_job *job;
	struct writer *out;
	struct thaw_index_record index;
	uint64_t index_offset;
	uint64_t taken;
	bool hvm;
	bool once;
	uint32_t nr;
	uint32_t nr_data;
	uint32_t cap;
	uint64_t *entry;
	uint32_t *sum;
	uint32_t nr_come;
	uint64_t *come;
	uint64_t *place;
	uint8_t *head;
	uint8_t *page;
	struct again again;
	struct stream check;
};

/**
 * save_fail() - set the error of a save
 * @s: the save
 * @fmt: cause, as printf
 *
 * Return: -1.
 */
int save_fail(struct saver *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * save_take() - read all of a part of the stream
 * @s: the save
 * @buf: filled in
 * @size: of @buf
 * @what: what is read, for the error
 *
 * Return: 0, or -1 with the error set.
 */
int save_take(struct saver *s, void *buf, size_t size, const char *what);

/**
 * save_hold_place() - write padding in place of what is written last
 * @s: the save
 * @size: of what is written at the position
 *
 * Zeros there would look like an END record, and so a failed save like a whole file.
 *
 * Return: 0, or -1 with the error set.
 */
int save_hold_place(struct saver *s, uint64_t size);

/**
 * save_pages() - save a PAGE_DATA record
 * @s: the save; the record's header was taken
 * @length: of the record
 *
 * Return: 0, or -1 with the error set.
 */
int save_pages(struct saver *s, uint32_t length);

/**
 * save_pages_end() - no pages follow, unless the stream is odd
 * @s: the save; writes over no page any more
 *
 * Return: 0, or -1 with the error set.
 */
int save_pages_end(struct saver *s);

/**
 * save_pages_free() - release what pages take
 * @s: the save
 */
void save_pages_free(struct saver *s);

#endif /* XEN_THAW_SAVE_PARTS_H */
