// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "pack_pages.h"
#include "runs.h"
#include "walk.h"

/* As in plan.c: runs are sorted out whenever there are twice as many. */
#ifndef COMPACT_MIN
#define COMPACT_MIN	1000000
#endif

/* The order of 2 MiB, and the pfns in it. */
#define SUPERPAGE	512U

/**
 * struct track - runs of pfns, of which the last one counts
 * @f: the runs, as they came; what runs.h takes for the offset says when
 * @unsorted: @f is not sorted by pfn, or not disjoint
 * @compact: runs in @f that are sorted out next
 */
struct track {
	struct fills f;
	bool unsorted;
	size_t compact;
};

/**
 * struct collector - the pages of a stream, as they come
 * @s: the stream
 * @populate: pfns that get memory
 * @compact_populate: runs in @populate that are sorted out next
 * @data: contents, by offset in the file
 * @typed: types of entries with data, by key
 * @bare: types of entries without data, by key; only of PV guests
 * @key: of the next entry: its number, times the size of a page as that is what
 *	runs.h counts in; the type is added to it
 * @packed: there was a record that packing adds
 */
struct collector {
	struct stream *s;
	struct ranges populate;
	size_t compact_populate;
	struct track data;
	struct track typed;
	struct track bare;
	uint64_t key;
	bool packed;
};

static int no_memory(struct stream *s)
{
	return stream_fail(s, s->next, "no memory for runs of pages");
}

static size_t compact_next(size_t nr)
{
	return nr < COMPACT_MIN / 2 ? COMPACT_MIN : nr * 2;
}

static int track_settle(struct track *t)
{
	if (t->unsorted && fills_resolve(&t->f))
		return -1;
	t->unsorted = false;
	return 0;
}

static int track_add(struct track *t, uint64_t pfn, uint64_t when, uint32_t nr)
{
	struct plan_fill fill = { .gfn = pfn, .offset = when, .nr = nr };
	const struct plan_fill *last;

	if (t->f.nr) {
		last = &t->f.v[t->f.nr - 1];
		if (pfn < last->gfn + last->nr)
			t->unsorted = true;
	}
	if (fills_add(&t->f, &fill))
		return -1;
	if (t->unsorted && t->f.nr >= compact_next(t->compact)) {
		if (fills_resolve(&t->f))
			return -1;
		t->compact = t->f.nr;
	}
	return 0;
}

static int add_populate(struct collector *c, const struct page_run *run)
{
	if (run->type == PFN_XTAB || run->type == PFN_BROKEN)
		return 0;
	if (ranges_add(&c->populate, run->pfn, run->nr))
		return -1;
	if (c->populate.nr >= compact_next(c->compact_populate)) {
		ranges_normalize(&c->populate);
		c->compact_populate = c->populate.nr;
	}
	return 0;
}

/* For stream_page_runs(). */
static int add_run(void *arg, const struct page_run *run)
{
	struct collector *c = arg;
	uint64_t key = c->key + run->type;
	int ret = add_populate(c, run);

	c->key += (uint64_t)run->nr * XT_PAGE_SIZE;
	if (!ret && run->has_data) {
		ret = track_add(&c->data, run->pfn, run->offset, run->nr);
		if (!ret)
			ret = track_add(&c->typed, run->pfn, key, run->nr);
	} else if (!ret && c->s->guest_type == STREAM_GUEST_PV) {
		ret = track_add(&c->bare, run->pfn, key, run->nr);
	}
	return ret ? no_memory(c->s) : 0;
}

/* For walk_records(). */
static int add_record(void *arg, const struct stream_record *rec)
{
	struct collector *c = arg;

	switch (record_kind(rec->type)) {
	case RECORD_PAGES:
		return stream_page_runs(c->s, rec, add_run, c);
	case RECORD_THAW:
		c->packed = true;
		return 0;
	case RECORD_THAW_LATER:
		return walk_refuse(c->s, rec, "packed by a later xen-thaw");
	default:
		return 0;
	}
}

static int emit(struct pack_pages *p, const struct pack_run *run)
{
	struct pack_run *v;
	size_t cap;

	if (p->nr == p->cap) {
		cap = p->cap ? 2 * p->cap : 64;
		v = reallocarray(p->v, cap, sizeof(*v));
		if (!v)
			return -1;
		p->v = v;
		p->cap = cap;
	}
	p->v[p->nr++] = *run;
	return 0;
}

/* Both tracks have the same pfns; a run ends where either's does. */
static int emit_data(struct pack_pages *p, const struct fills *data,
		     const struct fills *typed)
{
	const struct plan_fill *d = data->v, *t = typed->v;
	uint32_t d_done = 0, t_done = 0;
	struct pack_run run;

	while (d < data->v + data->nr) {
		run.pfn = d->gfn + d_done;
		run.offset = d->offset + (uint64_t)d_done * XT_PAGE_SIZE;
		run.key = t->offset + (uint64_t)t_done * XT_PAGE_SIZE;
		run.type = run.key % XT_PAGE_SIZE;
		run.nr = d->nr - d_done;
		if (run.nr > t->nr - t_done)
			run.nr = t->nr - t_done;
		if (emit(p, &run))
			return -1;

		d_done += run.nr;
		if (d_done == d->nr)
			d++, d_done = 0;
		t_done += run.nr;
		if (t_done == t->nr)
			t++, t_done = 0;
	}
	return 0;
}

/* Pages that have memory, but never came with contents. */
static int emit_empty(struct pack_pages *p, const struct ranges *populate,
		      const struct fills *data)
{
	struct pack_run run = { .type = PFN_XALLOC };
	struct fills rest = { 0 };
	size_t i;
	int ret;

	ret = fills_add_rest(&rest, populate, data);
	for (i = 0; !ret && i < rest.nr; i++) {
		run.pfn = rest.v[i].gfn;
		run.nr = rest.v[i].nr;
		ret = emit(p, &run);
	}
	free(rest.v);
	return ret;
}

static int cmp_pfn(const void *a, const void *b)
{
	uint64_t x = ((const struct pack_run *)a)->pfn;
	uint64_t y = ((const struct pack_run *)b)->pfn;

	return (x > y) - (x < y);
}

/* At @pfn, which both have: the entry without data is the later one. */
static bool retypes(const struct plan_fill *bare, const struct pack_run *page,
		    uint64_t pfn)
{
	if (page->type == PFN_XALLOC)
		return bare->offset % XT_PAGE_SIZE != PFN_XALLOC;
	return bare->offset + (pfn - bare->gfn) * XT_PAGE_SIZE >
	       page->key + (pfn - page->pfn) * XT_PAGE_SIZE;
}

/* Where a page's last entry has no data, but the page has memory. */
static int emit_types(struct pack_pages *p, const struct fills *bare)
{
	const struct plan_fill *b = bare->v;
	struct pack_run run, page;
	uint64_t b_end, page_end;
	size_t i = 0;

	while (b < bare->v + bare->nr && i < p->nr_pages) {
		page = p->v[i];
		page_end = page.pfn + page.nr;
		b_end = b->gfn + b->nr;
		run.pfn = b->gfn > page.pfn ? b->gfn : page.pfn;
		if (run.pfn < b_end && run.pfn < page_end &&
		    retypes(b, &page, run.pfn)) {
			run.offset = 0;
			run.key = 0;
			run.type = b->offset % XT_PAGE_SIZE;
			run.nr = (uint32_t)((b_end < page_end ? b_end :
						 page_end) - run.pfn);
			if (emit(p, &run))
				return -1;
		}
		if (b_end < page_end)
			b++;
		else
			i++;
	}
	return 0;
}

static int settle(struct collector *c, struct pack_pages *p)
{
	ranges_normalize(&c->populate);
	if (track_settle(&c->data) || track_settle(&c->typed) ||
	    track_settle(&c->bare) ||
	    emit_data(p, &c->data.f, &c->typed.f) ||
	    emit_empty(p, &c->populate, &c->data.f))
		return no_memory(c->s);

	if (p->nr)
		qsort(p->v, p->nr, sizeof(*p->v), cmp_pfn);
	p->nr_pages = p->nr;
	if (emit_types(p, &c->bare.f))
		return no_memory(c->s);
	return 0;
}

int pack_pages_read(struct pack_pages *p, struct stream *s)
{
	struct collector c = { .s = s };
	struct walk walk;
	int ret;

	memset(p, 0, sizeof(*p));
	if (s->version < 3)
		return stream_fail(s, s->start,
				   "libxc stream of version %u: restore the guest and save it again",
				   s->version);
	ret = walk_records(s, &walk, add_record, &c);
	if (!ret)
		ret = settle(&c, p);
	p->first_after_data = walk.first_after_data;
	p->packed = c.packed;

	free(c.populate.v);
	free(c.data.f.v);
	free(c.typed.f.v);
	free(c.bare.f.v);
	return ret ? -1 : 0;
}

void pack_pages_free(struct pack_pages *p)
{
	free(p->v);
	memset(p, 0, sizeof(*p));
}

static bool batch_is_full(const struct pack_batch *b, uint64_t pfn)
{
	return b->nr == PAGES_PER_RECORD ||
	       (pfn % SUPERPAGE == 0 && b->nr > PAGES_PER_RECORD - SUPERPAGE);
}

static void batch_add(struct pack_batch *b, const struct pack_run *run,
		      uint32_t i)
{
	b->entry[b->nr++] = (uint64_t)run->type << PFN_TYPE_SHIFT |
			    (run->pfn + i);
	if (run->type < PFN_BROKEN)
		b->source[b->nr_data++] =
			run->offset + (uint64_t)i * XT_PAGE_SIZE;
}

bool pack_next_batch(const struct pack_pages *p, struct pack_cursor *c,
		     struct pack_batch *b)
{
	const struct pack_run *run;

	b->nr = 0;
	b->nr_data = 0;
	for (; c->run < p->nr; c->run++, c->done = 0) {
		run = &p->v[c->run];
		if (c->run == p->nr_pages && !c->done && b->nr)
			return true;
		for (; c->done < run->nr; c->done++) {
			if (batch_is_full(b, run->pfn + c->done))
				return true;
			batch_add(b, run, c->done);
		}
	}
	return b->nr;
}
