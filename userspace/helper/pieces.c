// SPDX-License-Identifier: GPL-2.0
#include "pieces.h"

/* A run that names few pages each time does not make a piece without end. */
#define PIECE_RUNS	4096U

static int no_memory(struct cutter *c)
{
	return stream_fail(c->s, c->record, "no memory for lists of pages");
}

int cutter_flush(struct cutter *c)
{
	struct piece *p = c->piece;

	if (!p)
		return 0;
	c->piece = NULL;
	ranges_normalize(&p->populate);
	if (fills_resolve(&p->data))
		return no_memory(c);
	return c->user->put(c->user->arg, p) ? 1 : 0;
}

static size_t runs_of(const struct piece *p)
{
	return p->populate.nr + p->data.nr + p->zero.nr;
}

int cutter_make_room(struct cutter *c, uint32_t entries)
{
	const struct piece *p = c->piece;

	/* An entry adds at most a run to each of the lists. */
	if (!p || (p->pages + entries <= PIECE_PAGES &&
		   runs_of(p) + 3 * entries < PIECE_RUNS))
		return 0;
	return cutter_flush(c);
}

static int begin_piece(struct cutter *c)
{
	struct piece *p = c->piece;

	if (p && runs_of(p) < PIECE_RUNS)
		return 0;
	if (p) {
		int ret = cutter_flush(c);

		if (ret)
			return ret;
	}
	p = c->user->get(c->user->arg);
	if (!p)
		return 1;
	p->record = c->record;
	p->pages = 0;
	p->populate.nr = 0;
	p->zero.nr = 0;
	p->data.nr = 0;
	c->piece = p;
	return 0;
}

/* Adds to what is populated the pfns that come for the first time. */
static int add_new(struct cutter *c, uint64_t pfn, uint32_t nr, bool has_data)
{
	struct plan_fill zero = { .zero = true };
	uint32_t n;
	bool seen;

	for (; nr; nr -= n, pfn += n) {
		n = pfn_set_same(&c->seen, pfn, nr, &seen);
		if (seen)
			continue;
		if (pfn_set_add(&c->seen, pfn, n) ||
		    ranges_add(&c->piece->populate, pfn, n))
			return no_memory(c);
		c->populated += n;
		if (has_data)
			continue;
		c->zeroed += n;
		zero.gfn = pfn;
		zero.nr = n;
		if (fills_add(&c->piece->zero, &zero))
			return no_memory(c);
	}
	return 0;
}

static int add_data(struct cutter *c, uint64_t pfn, uint32_t nr, uint64_t offset)
{
	struct piece *p = c->piece;
	const uint64_t at = (uint64_t)p->pages * XT_PAGE_SIZE;
	const struct plan_fill fill = {
		.gfn = pfn,
		.offset = p->offset + at,
		.nr = nr,
	};

	if (fills_add(&p->data, &fill))
		return no_memory(c);
	if (stream_read(c->s, offset, p->buffer + at,
			(size_t)nr * XT_PAGE_SIZE, "page data"))
		return -1;
	p->pages += nr;
	c->contents += nr;
	return 0;
}

/*
 * How much of a run goes into the piece: all of it if there is room, else up to a
 * multiple of 2 MiB if that is not further back. 0: nothing, the piece is to end.
 */
static uint32_t fitting(const struct piece *p, uint64_t pfn, uint32_t nr)
{
	const uint32_t room = PIECE_PAGES - p->pages;
	uint64_t end;

	if (nr <= room)
		return nr;
	end = (pfn + room) / PFN_CHUNK * PFN_CHUNK;
	if (end > pfn)
		return (uint32_t)(end - pfn);
	return p->pages && pfn % PFN_CHUNK == 0 ? 0 : room;
}

int cutter_run(struct cutter *c, const struct page_run *run)
{
	uint64_t pfn = run->pfn, offset = run->offset;
	uint32_t left = run->nr, n;
	int ret;

	if (run->type == PFN_XTAB || run->type == PFN_BROKEN)
		return 0;
	for (; left; left -= n, pfn += n) {
		ret = begin_piece(c);
		if (ret)
			return ret;
		n = run->has_data ? fitting(c->piece, pfn, left) : left;
		if (n && add_new(c, pfn, n, run->has_data))
			return -1;
		if (n && run->has_data) {
			if (add_data(c, pfn, n, offset))
				return -1;
			offset += (uint64_t)n * XT_PAGE_SIZE;
		}
		if (n < left) {
			ret = cutter_flush(c);
			if (ret)
				return ret;
		}
	}
	return 0;
}

void cutter_free(struct cutter *c)
{
	pfn_set_free(&c->seen);
}
