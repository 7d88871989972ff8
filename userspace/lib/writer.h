/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file being written: at any offset, with sums of what is appended. It can be
 * kept out of the page cache: then what is written is sent to the disk, and
 * dropped from the page cache a little behind the offset that is written.
 */
#ifndef XEN_THAW_WRITER_H
#define XEN_THAW_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "env.h"
#include "format.h"

/**
 * struct writer - a file being written
 * @fd: the file; open for reading, too, if it is to be dropped
 * @name: for messages
 * @pos: offset that is appended to
 * @span: offset, size and sum of what was appended since writer_begin_span()
 * @error: after a failure: one line with the offset
 * @error_size: room in @error
 * @written: bytes written so far; not the holes between them
 * @limit: value of @written above which the file is dropped; UINT64_MAX: never
 * @from: offset from which the file is dropped; UINT64_MAX: not yet
 * @sent: all from @from up to here was sent to the disk
 * @dropped: all from @from up to here was dropped
 * @dropped_bytes: bytes that were dropped
 * @checked: dropping was seen to have an effect
 */
struct writer {
	int fd;
	const char *name;
	uint64_t pos;
	struct thaw_span span;
	char *error;
	size_t error_size;

	uint64_t written;
	uint64_t limit;
	uint64_t from;
	uint64_t sent;
	uint64_t dropped;
	uint64_t dropped_bytes;
	bool checked;
};

/**
 * writer_init() - begin to write a file, at offset 0
 * @w: filled in; the file stays in the page cache
 * @fd: the file
 * @name: for messages
 * @error: where failures are described
 * @error_size: room in @error
 */
void writer_init(struct writer *w, int fd, const char *name, char *error,
		 size_t error_size);

/**
 * writer_drop_behind() - keep the file out of the page cache from now on
 * @w: the file; its position is where dropping begins
 * @mode: CACHE_AUTO: when half of the memory that is available now was written
 */
void writer_drop_behind(struct writer *w, enum cache_mode mode);

/**
 * writer_drops() - whether the file is dropped, now or when it has grown
 * @w: the file
 */
bool writer_drops(const struct writer *w);

/**
 * writer_write() - write at an offset
 * @w: the file; neither its position nor the sum changes
 * @offset: where
 * @buf: what
 * @size: of @buf
 *
 * Return: 0, or -1 with @w->error set.
 */
int writer_write(struct writer *w, uint64_t offset, const void *buf,
		 size_t size);

/**
 * writer_append() - write at the position
 * @w: the file
 * @buf: what
 * @size: of @buf
 *
 * Return: 0, or -1 with @w->error set.
 */
int writer_append(struct writer *w, const void *buf, size_t size);

/**
 * writer_append_hole() - leave out zeros at the position
 * @w: the file; something has to be written behind them
 * @zeros: that are left out, for the sum
 * @size: of @zeros
 */
void writer_append_hole(struct writer *w, const void *zeros, size_t size);

/**
 * writer_begin_span() - sum what is appended from now on
 * @w: the file
 */
void writer_begin_span(struct writer *w);

/**
 * writer_end_span() - what was appended since then, in the file's byte order
 * @w: the file
 * @span: filled in
 */
void writer_end_span(struct writer *w, struct thaw_span *span);

/**
 * writer_flush_behind() - send to the disk and drop what is complete
 * @w: the file
 * @end: all below this offset is written
 *
 * A message says so if dropping has no effect; then it is not tried again.
 *
 * The kernel reports an error of the disk once, to whoever waits first: where
 * this fails, a later fsync() may succeed.
 *
 * Return: 0, or -1 with @w->error set: the disk did not take what was written.
 */
int writer_flush_behind(struct writer *w, uint64_t end);

/**
 * writer_finish() - send to the disk and drop what is left
 * @w: the file
 * @end: its end
 *
 * Return: as writer_flush_behind().
 */
int writer_finish(struct writer *w, uint64_t end);

#endif /* XEN_THAW_WRITER_H */
