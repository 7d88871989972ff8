/* SPDX-License-Identifier: GPL-2.0 */
/* What is written to a new file, and the sums of parts of it. */
#ifndef XEN_THAW_SINK_H
#define XEN_THAW_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "format.h"

/**
 * struct sink - a file being written
 * @fd: the file
 * @pos: offset that is written next
 * @span: offset, size and sum of what was appended since sink_begin_span()
 * @error: after a failure: one line with the offset
 * @error_size: room in @error
 */
struct sink {
	int fd;
	uint64_t pos;
	struct thaw_span span;
	char *error;
	size_t error_size;
};

/**
 * sink_write() - write at an offset
 * @k: the file; neither its position nor the sum changes
 * @offset: where
 * @buf: what
 * @size: of @buf
 *
 * Return: 0, or -1 with @k->error set.
 */
int sink_write(struct sink *k, uint64_t offset, const void *buf,
	       size_t size);

/**
 * sink_append() - write at the current position
 * @k: the file
 * @buf: what
 * @size: of @buf
 *
 * Return: 0, or -1 with @k->error set.
 */
int sink_append(struct sink *k, const void *buf, size_t size);

/**
 * sink_begin_span() - sum what is appended from now on
 * @k: the file
 */
void sink_begin_span(struct sink *k);

/**
 * sink_end_span() - what was appended since, in the file's byte order
 * @k: the file
 * @span: filled in
 */
void sink_end_span(struct sink *k, struct thaw_span *span);

#endif /* XEN_THAW_SINK_H */
