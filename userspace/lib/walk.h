/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The walk of a restore and of a packer through a stream, from its first record to
 * END. Both need the records in the same order.
 */
#ifndef XEN_THAW_WALK_H
#define XEN_THAW_WALK_H

#include <stdint.h>

#include "stream.h"

/**
 * struct walk - what a walk found
 * @end: offset of the END record's header
 * @first_after_data: offset of the first record after the last PAGE_DATA; of the
 *	first record of all if there is no PAGE_DATA
 * @head_end: end of the last mandatory record before @first_after_data that is not
 *	PAGE_DATA; offset of the first record if there is none
 */
struct walk {
	uint64_t end;
	uint64_t first_after_data;
	uint64_t head_end;
};

/**
 * walk_records() - call a function for each record of a stream
 * @s: an open stream, at its first record; behind END afterwards
 * @walk: filled in
 * @fn: called in the order of the stream, after the record's place was checked;
 *	a return that is not zero ends the walk
 * @arg: for @fn
 *
 * Return: 0; 1 with @s->error set at a record that only the stock helper handles
 * (VERIFY, CHECKPOINT, PAGE_DATA after HVM_PARAMS, an END with a body, an unknown
 * mandatory type); -1 with @s->error set; or what @fn returned.
 */
int walk_records(struct stream *s, struct walk *walk,
		 int (*fn)(void *arg, const struct stream_record *rec),
		 void *arg);

/**
 * walk_refuse() - set the error for a record that only the stock helper handles
 * @s: the stream
 * @rec: the record
 * @why: the cause
 *
 * Return: 1.
 */
int walk_refuse(struct stream *s, const struct stream_record *rec,
		const char *why);

#endif /* XEN_THAW_WALK_H */
