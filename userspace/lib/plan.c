// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "pages.h"
#include "plan.h"
#include "runs.h"
#include "walk.h"

/*
 * Runs are kept as they come until there are this many. Then they are compacted:
 * a pfn that came more than once stays once. This is repeated whenever their
 * number has doubled. So a sparse file that repeats a few pfns without end does
 * not take memory without end.
 */
#ifndef COMPACT_MIN
#define COMPACT_MIN	1000000
#endif

/**
 * struct builder - a plan in the making
 * @s: the stream
 * @populate: gfns to populate, as they came
 * @populate_sorted: @populate is sorted and disjoint so far
 * @compact_populate: runs in @populate at which it is compacted next
 * @data: data fills, as they came
 * @data_sorted: @data is sorted by gfn and disjoint so far
 * @compact_data: runs in @data at which it is compacted next
 * @zero: zero fills
 * @pv: of a PV guest, else NULL
 * @rec: the record under way
 * @refusal: why only the stock helper can restore the PV guest, or empty
 */
struct builder {
	struct stream *s;
	struct ranges populate;
	bool populate_sorted;
	size_t compact_populate;
	struct fills data;
	bool data_sorted;
	size_t compact_data;
	struct fills zero;
	struct pv_pages *pv;
	const struct stream_record *rec;
	char refusal[sizeof(((struct stream *)0)->error)];
};

static int no_memory(struct builder *b)
{
	return stream_fail(b->s, b->s->next,
			   "no memory for %zu runs of pages",
			   b->populate.nr + b->data.nr + b->zero.nr);
}

static size_t compact_next(size_t nr)
{
	return nr < COMPACT_MIN / 2 ? COMPACT_MIN : nr * 2;
}

static int add_populate(struct builder *b, const struct page_run *run)
{
	struct ranges *r = &b->populate;

	if (r->nr && run->pfn < r->v[r->nr - 1].gfn + r->v[r->nr - 1].nr)
		b->populate_sorted = false;
	if (ranges_add(r, run->pfn, run->nr))
		return no_memory(b);

	if (!b->populate_sorted && r->nr >= b->compact_populate) {
		ranges_normalize(r);
		b->compact_populate = compact_next(r->nr);
	}
	return 0;
}

static int add_data(struct builder *b, const struct page_run *run)
{
	struct plan_fill fill = {
		.gfn = run->pfn,
		.offset = run->offset,
		.nr = run->nr,
	};
	struct fills *f = &b->data;

	if (f->nr && fill.gfn < f->v[f->nr - 1].gfn + f->v[f->nr - 1].nr)
		b->data_sorted = false;
	if (fills_add(f, &fill))
		return no_memory(b);

	if (!b->data_sorted && f->nr >= b->compact_data) {
		if (fills_resolve(f))
			return no_memory(b);
		b->compact_data = compact_next(f->nr);
	}
	return 0;
}

/* For stream_page_runs(). */
static int add_run(void *arg, const struct page_run *run)
{
	struct builder *b = arg;

	if (b->pv && !b->refusal[0] && pv_pages_run(b->pv, b->s, b->rec, run))
		return -1;
	if (run->type == PFN_XTAB || run->type == PFN_BROKEN)
		return 0;
	if (add_populate(b, run))
		return -1;
	return run->has_data ? add_data(b, run) : 0;
}

/*
 * What makes a PV guest the stock helper's is remembered, and the walk goes on:
 * the file may be damaged further on, and info shows what is in it.
 */
static int add_pv(struct builder *b, const struct stream_record *rec)
{
	int ret;

	if (!b->pv || b->refusal[0])
		return 0;
	ret = pv_pages_record(b->pv, b->s, rec);
	if (ret <= 0)
		return ret;
	memcpy(b->refusal, b->s->error, sizeof(b->refusal));
	b->s->error[0] = '\0';
	return 0;
}

/* For walk_records(). */
static int add_record(void *arg, const struct stream_record *rec)
{
	struct builder *b = arg;

	b->rec = rec;
	if (add_pv(b, rec))
		return -1;
	if (rec->type != REC_PAGE_DATA)
		return 0;
	return stream_page_runs(b->s, rec, add_run, b);
}

/* Brings all into order, and each pfn in once. */
static int settle(struct builder *b)
{
	if (!b->populate_sorted)
		ranges_normalize(&b->populate);
	if (!b->data_sorted && fills_resolve(&b->data))
		return no_memory(b);
	if (fills_add_rest(&b->zero, &b->populate, &b->data))
		return no_memory(b);
	if (!b->data_sorted)
		fills_sort_by_offset(&b->data);
	return 0;
}

static int add_part(struct fills *to, struct plan_fill *run, uint32_t nr,
		    bool zero)
{
	struct plan_fill fill;

	if (!nr)
		return 0;
	fill = fill_cut(run, nr);
	if (zero)
		fill.offset = 0;
	fill.zero = zero;
	return fills_add(to, &fill);
}

static int split_run(struct hole *h, struct plan_fill run, struct fills *data,
		     struct fills *zero)
{
	uint32_t nr;

	while (run.nr) {
		hole_seek(h, run.offset);
		nr = hole_pages_before(h, run.offset, run.nr);
		if (add_part(data, &run, nr, false))
			return -1;
		nr = hole_pages_within(h, run.offset, run.nr);
		if (add_part(zero, &run, nr, true))
			return -1;
		/* The hole starts or ends within this page. */
		if (!nr && run.nr && add_part(data, &run, 1, false))
			return -1;
	}
	return 0;
}

/* Pages that lie in holes become zero fills: they are not read. */
static int split_at_holes(struct builder *b, struct hole *h)
{
	const struct plan_fill *last = &b->data.v[b->data.nr - 1];
	uint64_t end = last->offset + (uint64_t)last->nr * XT_PAGE_SIZE;
	struct fills data = { 0 };
	size_t i;

	hole_seek(h, b->data.v[0].offset);
	if (h->start >= end)
		return 0;

	for (i = 0; i < b->data.nr; i++) {
		if (split_run(h, b->data.v[i], &data, &b->zero)) {
			free(data.v);
			return no_memory(b);
		}
	}
	free(b->data.v);
	b->data = data;
	return 0;
}

static int find_holes(struct builder *b)
{
	struct hole h = { .fd = b->s->fd, .size = b->s->file_size };
	size_t nr = b->zero.nr;
	off_t pos;
	int ret;

	if (!b->data.nr || file_has_no_hole(h.fd))
		return 0;
	pos = lseek(h.fd, 0, SEEK_CUR);
	if (pos < 0)
		return 0;

	ret = split_at_holes(b, &h);
	if (lseek(h.fd, pos, SEEK_SET) < 0 && !ret)
		ret = stream_fail(b->s, (uint64_t)pos, "cannot seek back");
	if (b->zero.nr != nr)
		fills_normalize_zero(&b->zero);
	return ret;
}

static void give_to_plan(struct plan *p, const struct builder *b)
{
	size_t i;

	p->populate = b->populate.v;
	p->nr_populate = b->populate.nr;
	p->data = b->data.v;
	p->nr_data = b->data.nr;
	p->zero = b->zero.v;
	p->nr_zero = b->zero.nr;

	for (i = 0; i < p->nr_populate; i++)
		p->pages += p->populate[i].nr;
	for (i = 0; i < p->nr_zero; i++)
		p->zero_pages += p->zero[i].nr;
}

int plan_build(struct plan *p, struct stream *s)
{
	struct builder b = {
		.s = s,
		.populate_sorted = true,
		.compact_populate = COMPACT_MIN,
		.data_sorted = true,
		.compact_data = COMPACT_MIN,
	};
	struct walk walk = { 0 };
	int ret;

	memset(p, 0, sizeof(*p));
	if (s->guest_type == STREAM_GUEST_PV && s->version >= 3)
		b.pv = &p->pv;
	ret = walk_records(s, &walk, add_record, &b);
	if (!ret)
		ret = settle(&b);
	if (!ret)
		ret = find_holes(&b);
	give_to_plan(p, &b);
	p->end = walk.end;
	p->first_after_data = walk.first_after_data;
	p->head_end = walk.head_end;
	p->whole = !ret;
	if (!ret && b.refusal[0]) {
		memcpy(s->error, b.refusal, sizeof(s->error));
		ret = 1;
	}
	return ret;
}

void plan_free(struct plan *p)
{
	free(p->populate);
	free(p->data);
	free(p->zero);
	pv_pages_free(&p->pv);
	plan_pod_free(&p->pod);
	memset(p, 0, sizeof(*p));
}

/* Takes the kept pfns out of a list of fills. */
static int remove_kept(const struct pv_pages *pv, struct plan_fill **v, size_t *nr)
{
	struct fills out = { 0 };
	size_t i;

	for (i = 0; i < *nr; i++) {
		struct plan_fill left = (*v)[i];

		while (left.nr) {
			bool kept;
			uint32_t n = pfn_set_same(&pv->keep, left.gfn, left.nr,
						  &kept);
			struct plan_fill part = fill_cut(&left, n);

			if (!kept && fills_add(&out, &part)) {
				free(out.v);
				return -1;
			}
		}
	}
	free(*v);
	*v = out.v;
	*nr = out.nr;
	return 0;
}

int plan_remove_kept(struct plan *p)
{
	if (remove_kept(&p->pv, &p->data, &p->nr_data) ||
	    remove_kept(&p->pv, &p->zero, &p->nr_zero))
		return -1;
	return 0;
}

uint64_t plan_data_bytes(const struct plan *p)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < p->nr_data; i++)
		bytes += (uint64_t)p->data[i].nr * XT_PAGE_SIZE;
	return bytes;
}

const char *plan_refusal(const struct stream *s)
{
	if (s->version < 3)
		return "a stream of version 2";
	return NULL;
}
