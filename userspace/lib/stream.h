/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reader of the libxc migration stream, version 3 (Xen's
 * docs/specs/libxc-migration-stream.pandoc). In a save file it reads record
 * headers and pfn lists with pread(), and hardly any page data. It never moves
 * the file's offset. A stream from a pipe (input.h) is read by the same functions,
 * if they are called in the order of the stream.
 */
#ifndef XEN_THAW_STREAM_H
#define XEN_THAW_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "records.h"

#define XT_PAGE_SIZE	4096U
#define XT_PAGE_SHIFT	12

/*
 * Types of pages, bits 63-60 of the entries of PAGE_DATA: XEN_DOMCTL_PFINFO_*
 * of Xen's public/domctl.h. 0x9 to 0xc are pinned page tables.
 */
enum stream_pfn_type {
	PFN_NOTAB		= 0x0,
	PFN_L1TAB		= 0x1,
	PFN_L2TAB		= 0x2,
	PFN_L3TAB		= 0x3,
	PFN_L4TAB		= 0x4,
	PFN_L1TAB_PIN		= 0x9,
	PFN_L2TAB_PIN		= 0xa,
	PFN_L3TAB_PIN		= 0xb,
	PFN_L4TAB_PIN		= 0xc,
	PFN_BROKEN		= 0xd,
	PFN_XALLOC		= 0xe,
	PFN_XTAB		= 0xf,
};

static inline bool stream_type_is_known(unsigned int type)
{
	return type <= PFN_L4TAB || (type >= PFN_L1TAB_PIN && type <= PFN_XTAB);
}

/* Whether pages of a type have contents in the stream. */
static inline bool stream_type_has_data(unsigned int type)
{
	return type < PFN_BROKEN;
}

/* Entries of PAGE_DATA: the type is above the pfn. */
#define PFN_TYPE_SHIFT		60
#define PFN_MASK		((UINT64_C(1) << 52) - 1)

/* As many entries as the stock writer puts into a PAGE_DATA record. */
#define PAGES_PER_RECORD	1024U

/* Bytes of the image header and the domain header, before the first record. */
#define STREAM_HEADERS_SIZE	40U

/* Guest types of the domain header. */
#define STREAM_GUEST_PV		1
#define STREAM_GUEST_HVM	2	/* and PVH */

struct input;

/**
 * struct stream - a libxc stream in a seekable file, or from a pipe
 * @fd: the file, owned by the caller; -1: there is @in
 * @in: the pipe; NULL: there is a file
 * @name: what messages call the file, owned by the caller
 * @start: offset of the image header
 * @file_size: bytes in the file or block device; the most that there are if it is
 *	a pipe
 * @version: of the image header
 * @guest_type: STREAM_GUEST_*
 * @xen_major: version of the Xen that saved the guest
 * @xen_minor: the same
 * @next: offset of the next record header
 * @error: after a failure: "offset N: cause", one line without a newline
 * @error_offset: that N
 * @ahead_offset: of @ahead in the file
 * @ahead_len: bytes in @ahead
 * @ahead: what was read last, and what follows it: room for the headers and
 *	lists of four records as the stock writer makes them
 */
struct stream {
	int fd;
	struct input *in;
	const char *name;
	uint64_t start;
	uint64_t file_size;
	uint32_t version;
	uint32_t guest_type;
	uint32_t xen_major;
	uint32_t xen_minor;
	uint64_t next;
	char error[256];
	uint64_t error_offset;
	uint64_t ahead_offset;
	uint32_t ahead_len;
	uint8_t ahead[36864];
};

/**
 * struct stream_record - a record's header
 * @offset: of the header in the file
 * @body: of the body, @offset + 8
 * @type: REC_*
 * @length: bytes of the body without its padding to 8
 */
struct stream_record {
	uint64_t offset;
	uint64_t body;
	uint32_t type;
	uint32_t length;
};

/**
 * struct page_run - consecutive pfns of one PAGE_DATA record
 * @pfn: the first
 * @nr: at least 1
 * @has_data: their contents lie in the file, one after the other
 * @offset: of the first page's contents in the file, where @has_data
 * @type: PFN_*, the same for all of the run
 */
struct page_run {
	uint64_t pfn;
	uint64_t offset;
	uint32_t nr;
	uint8_t type;
	uint8_t has_data;
};

/**
 * stream_open() - read and check the image and domain headers
 * @s: filled in
 * @fd: a regular file or block device open for reading
 * @name: for messages
 * @start: offset of the image header
 *
 * Return: 0, or -1 with @s->error set.
 */
int stream_open(struct stream *s, int fd, const char *name, uint64_t start);

/**
 * stream_check_headers() - the part of opening that files and pipes share
 * @s: all members are set but what the headers say
 *
 * Return: 0, or -1 with @s->error set.
 */
int stream_check_headers(struct stream *s);

/**
 * stream_next() - read the next record's header
 * @s: the stream
 * @rec: filled in
 *
 * Checks that the whole body with its padding lies in the file and that the
 * length is within the format's limit. After END it must not be called again.
 *
 * Return: 0, or -1 with @s->error set.
 */
int stream_next(struct stream *s, struct stream_record *rec);

/**
 * stream_page_runs() - call a function for each run of a PAGE_DATA record
 * @s: the stream
 * @rec: a record of type REC_PAGE_DATA
 * @fn: called in the order of the file; a non-zero return ends the walk
 * @arg: for @fn
 *
 * Checks the count, the types and that the length of the record is exactly that
 * of its list and data, all before the first call of @fn. Reserved bits and
 * members are ignored, as the format demands of readers; every pfn is below
 * 2^52.
 *
 * Return: 0, what @fn returned, or -1 with @s->error set.
 */
int stream_page_runs(struct stream *s, const struct stream_record *rec,
		     int (*fn)(void *arg, const struct page_run *run),
		     void *arg);

/**
 * stream_find_pfn() - find the first PAGE_DATA record that lists a pfn
 * @s: an open stream; neither its position nor its error changes
 * @pfn: to be found
 * @offset: set to that of the record's header
 *
 * This reads all pfn lists again, so use it for error messages only.
 *
 * Return: 0, or -1 when no record up to the END lists it.
 */
int stream_find_pfn(struct stream *s, uint64_t pfn, uint64_t *offset);

/**
 * stream_read() - read all of a part of the file
 * @s: the stream; of its members only fd, file_size and error are used
 * @offset: in the file
 * @buf: filled in
 * @size: of @buf
 * @what: what is read, for the error
 *
 * Return: 0, or -1 with @s->error set.
 */
int stream_read(struct stream *s, uint64_t offset, void *buf, size_t size,
		const char *what);

/**
 * stream_file_size() - bytes in a regular file or block device
 * @fd: the file
 * @size: filled in
 *
 * Return: 0, or -1 with errno set, ESPIPE where @fd is something else.
 */
int stream_file_size(int fd, uint64_t *size);

/**
 * stream_fail() - set the error of a stream
 * @s: the stream
 * @offset: where in the file
 * @fmt: cause, as printf
 *
 * Return: -1.
 */
int stream_fail(struct stream *s, uint64_t offset, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* XEN_THAW_STREAM_H */
