/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes a large file from start to end. Zero pages become holes, and the file
 * does not stay in the page cache.
 */
#ifndef XEN_THAW_DUMP_SINK_H
#define XEN_THAW_DUMP_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "env.h"
#include "writer.h"

/**
 * enum dump_way - how a file is written
 * @DUMP_DIRECT: by O_DIRECT
 * @DUMP_BEHIND: through the page cache, and dropped from it as it is written
 * @DUMP_CACHED: through the page cache
 */
enum dump_way {
	DUMP_DIRECT,
	DUMP_BEHIND,
	DUMP_CACHED,
};

/**
 * struct dump_sink - a file being written
 * @file: the file
 * @way: how it is written
 * @block: bytes that are not written yet
 * @fill: bytes in @block
 * @pos: offset of @block in the file
 * @nr_zero: pages left out so far
 * @error: after a failure: one line with the offset
 */
struct dump_sink {
	struct writer file;
	enum dump_way way;
	uint8_t *block;
	size_t fill;
	uint64_t pos;
	uint64_t nr_zero;
	char error[128];
};

/**
 * dump_sink_open() - begin
 * @s: filled in
 * @fd: an empty file, open for reading and writing
 * @name: for messages
 * @mode: CACHE_KEEP leaves it in the page cache; otherwise @s->way says whether
 *	the file can be written by O_DIRECT
 *
 * Return: 0, or -1 with @s->error set.
 */
int dump_sink_open(struct dump_sink *s, int fd, const char *name,
		   enum cache_mode mode);

/**
 * dump_sink_put() - write the next bytes
 * @s: the file
 * @buf: what
 * @size: of @buf
 *
 * Return: 0, or -1 with @s->error set.
 */
int dump_sink_put(struct dump_sink *s, const void *buf, size_t size);

/**
 * dump_sink_end() - write what is left
 * @s: the file; it then has its final size
 *
 * Return: 0, or -1 with @s->error set.
 */
int dump_sink_end(struct dump_sink *s);

/**
 * dump_sink_free() - release the memory
 * @s: the file; stays open
 */
void dump_sink_free(struct dump_sink *s);

#endif /* XEN_THAW_DUMP_SINK_H */
