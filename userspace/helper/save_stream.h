/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes the libxc stream of a save into a file as it comes, in the packed form
 * of docs/format.md. Only the list of one record is held in memory; of a live save
 * also where in the file each page is.
 */
#ifndef XEN_THAW_SAVE_STREAM_H
#define XEN_THAW_SAVE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "stream.h"
#include "writer.h"

/**
 * struct save_job - what to save, and what was saved
 * @in_fd: the stream, to be read up to its end; a pipe
 * @out: at offset 0 of a regular file open for reading and writing; nothing is
 *	behind @start; its error is that of this struct
 * @start: offset of the libxc stream in the file, a multiple of 8
 * @live: the guest runs: pages come again, and each is to be in the file once. What
 *	is left to drop from the page cache at the end stays
 * @stop: the save ends, as a failure, when this is not 0; NULL: never
 * @end: where the stream ended in the file
 * @guest: "hvm" (also PVH) or "pv"; "unknown" where the stream is @plain
 * @plain: the stream is of a kind that is not known: it was written as it came
 * @truncated: after a failure: the stream ended before its END
 * @nr_records: PAGE_DATA records in the file
 * @nr_pages: entries with data in them
 * @nr_zero: of those, pages that are zero
 * @nr_again: pages that came again, and were written over those of before
 * @error: after a failure: one line, with the offset
 */
struct save_job {
	int in_fd;
	struct writer *out;
	uint64_t start;
	bool live;
	const volatile int *stop;

	uint64_t end;
	const char *guest;
	bool plain;
	bool truncated;
	uint64_t nr_records;
	uint64_t nr_pages;
	uint64_t nr_zero;
	uint64_t nr_again;
	char error[sizeof(((struct stream *)0)->error)];
};

/**
 * save_stream() - write a stream
 * @job: in and out
 *
 * Neither file's offset is used; that of @job->out stays.
 *
 * Return: 0 when all of it is written, or -1 with @job->error set.
 */
int save_stream(struct save_job *job);

#endif /* XEN_THAW_SAVE_STREAM_H */
