/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A stream that is read once is restored piece by piece: each is populated and
 * filled while the next one is read into the buffer.
 */
#ifndef XEN_THAW_PIECES_H
#define XEN_THAW_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pfn_set.h"
#include "runs.h"
#include "stream.h"

/* Pages of contents in a piece: as many as in a record of the stock writer. */
#ifndef PIECE_PAGES
#define PIECE_PAGES	1024U
#endif

/**
 * struct piece - pages of some records that come one after the other
 * @buffer: room for PIECE_PAGES pages
 * @offset: of @buffer in the file that engines read
 * @record: offset in the stream of the first record with pages in this piece
 * @pages: in @buffer so far
 * @populate: gfns that were not listed before: disjoint
 * @zero: of them, those that came without contents: they become zero before @data
 *	is filled in
 * @data: contents; the last one of a gfn wins
 */
struct piece {
	uint8_t *buffer;
	uint64_t offset;
	uint64_t record;
	uint32_t pages;
	struct ranges populate;
	struct fills zero;
	struct fills data;
};

/**
 * struct piece_user - who provides pieces, and restores them
 * @get: returns a piece without members but its buffer; NULL: stop
 * @put: takes it back, with its runs in order; not 0: stop
 * @arg: for both
 */
struct piece_user {
	struct piece *(*get)(void *arg);
	int (*put)(void *arg, struct piece *piece);
	void *arg;
};

/**
 * struct cutter - cuts the page data of a stream into pieces
 * @s: the stream, which gives contents in their order
 * @user: of the pieces
 * @piece: in the making, or NULL
 * @record: offset of the record under way
 * @seen: gfns that have memory, or are in @piece
 * @populated: how many there are in @seen
 * @zeroed: how many of them came without contents first
 * @contents: pages of contents so far
 */
struct cutter {
	struct stream *s;
	const struct piece_user *user;
	struct piece *piece;
	uint64_t record;
	struct pfn_set seen;
	uint64_t populated;
	uint64_t zeroed;
	uint64_t contents;
};

/**
 * cutter_run() - add a run of a PAGE_DATA record, and read its contents
 * @c: the cutter; @c->record is set
 * @run: the run
 *
 * Types as in plan_build(): XTAB and BROKEN have no memory. A piece ends at a
 * multiple of 2 MiB where it can, so that these are populated at once.
 *
 * Return: 0; 1 if the user stopped; -1 with the stream's error set.
 */
int cutter_run(struct cutter *c, const struct page_run *run);

/**
 * cutter_make_room() - end the piece unless a record fits into it whole
 * @c: the cutter
 * @entries: of the record; at most PIECE_PAGES
 *
 * Return: as cutter_run().
 */
int cutter_make_room(struct cutter *c, uint32_t entries);

/**
 * cutter_flush() - give the piece in the making to the user
 * @c: the cutter
 *
 * Return: as cutter_run().
 */
int cutter_flush(struct cutter *c);

/**
 * cutter_free() - release what a cutter holds
 * @c: the cutter
 */
void cutter_free(struct cutter *c);

#endif /* XEN_THAW_PIECES_H */
