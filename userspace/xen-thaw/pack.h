/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes a save file anew, so that it restores fast: every page once, its data
 * at a page of the file, zero pages as holes. docs/format.md describes the
 * result; for stock it is a save file like any other.
 */
#ifndef XEN_THAW_PACK_H
#define XEN_THAW_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "stream.h"

/**
 * struct pack_job - what to pack, and what went wrong
 * @in_fd: the save file, open for reading; its offset moves
 * @in_name: for messages
 * @out_fd: an empty regular file, open for writing
 * @out_name: for messages
 * @sums: write checksums
 * @nr_zero: pages that are zero, and were not written
 * @culprit: after a failure: @in_name or @out_name
 * @error: after a failure: one line, with the offset
 */
struct pack_job {
	int in_fd;
	const char *in_name;
	int out_fd;
	const char *out_name;
	bool sums;
	uint64_t nr_zero;
	const char *culprit;
	char error[sizeof(((struct stream *)0)->error)];
};

/**
 * pack_stream() - write a packed copy of a save file
 * @job: what to pack
 *
 * A file that is packed already is verified first.
 *
 * Return: 0, or -1 with @job->error set.
 */
int pack_stream(struct pack_job *job);

#endif /* XEN_THAW_PACK_H */
