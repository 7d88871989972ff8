/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keeps a file that is being written out of the page cache: what was written is
 * sent to the disk, and dropped a little behind the place that is written.
 */
#ifndef XEN_THAW_WRITER_H
#define XEN_THAW_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "env.h"

/**
 * struct save_cache - how far it has come
 * @fd: the file, open for reading and writing
 * @name: for messages
 * @from: offset where dropping begins; UINT64_MAX: never
 * @sent: everything from @from up to here was sent to the disk
 * @dropped: everything from @from up to here was dropped
 * @bytes: that were dropped, all in all
 * @checked: dropping was seen to have an effect
 */
struct save_cache {
	int fd;
	const char *name;
	uint64_t from;
	uint64_t sent;
	uint64_t dropped;
	uint64_t bytes;
	bool checked;
};

/**
 * save_cache_init() - decide from where on the file is to be dropped
 * @c: filled in
 * @fd: the file
 * @name: for messages
 * @mode: CACHE_AUTO: once the file takes half of the memory that is available now
 * @start: offset that is written first
 */
void save_cache_init(struct save_cache *c, int fd, const char *name,
		     enum cache_mode mode, uint64_t start);

/**
 * save_cache_written() - the file was written up to an offset
 * @c: the file
 * @pos: that offset
 *
 * Where dropping has no effect, a message says so, and it is not tried again.
 *
 * Return: 0, or -1 with errno set: the disk did not take what was written.
 */
int save_cache_written(struct save_cache *c, uint64_t pos);

/**
 * save_cache_finish() - drop what is left
 * @c: the file
 * @pos: its end
 *
 * Return: as save_cache_written().
 */
int save_cache_finish(struct save_cache *c, uint64_t pos);

#endif /* XEN_THAW_WRITER_H */
