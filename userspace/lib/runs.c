// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "runs.h"
#include "stream.h"

#define MIN_CAP		64

/* Makes room for one more of @size bytes; NULL without memory. */
static void *grown(void *v, size_t nr, size_t *cap, size_t size)
{
	size_t want = *cap ? *cap * 2 : MIN_CAP;

	if (nr < *cap)
		return v;
	v = reallocarray(v, want, size);
	if (v)
		*cap = want;
	return v;
}

int ranges_add(struct ranges *r, uint64_t gfn, uint64_t nr)
{
	struct plan_range *v;

	if (r->nr && r->v[r->nr - 1].gfn + r->v[r->nr - 1].nr == gfn) {
		r->v[r->nr - 1].nr += nr;
		return 0;
	}

	v = grown(r->v, r->nr, &r->cap, sizeof(*v));
	if (!v)
		return -1;
	r->v = v;
	v[r->nr].gfn = gfn;
	v[r->nr].nr = nr;
	r->nr++;
	return 0;
}

static int cmp(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int cmp_range(const void *a, const void *b)
{
	return cmp(((const struct plan_range *)a)->gfn,
		   ((const struct plan_range *)b)->gfn);
}

void ranges_normalize(struct ranges *r)
{
	struct plan_range *last, *next;
	size_t i;

	if (!r->nr)
		return;
	qsort(r->v, r->nr, sizeof(*r->v), cmp_range);

	last = r->v;
	for (i = 1; i < r->nr; i++) {
		next = &r->v[i];
		if (next->gfn > last->gfn + last->nr)
			*++last = *next;
		else if (next->gfn + next->nr > last->gfn + last->nr)
			last->nr = next->gfn + next->nr - last->gfn;
	}
	r->nr = (size_t)(last - r->v) + 1;
}

const struct plan_range *range_at(const struct plan_range *v, size_t nr,
				  uint64_t gfn)
{
	size_t low = 0, high = nr;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (v[mid].gfn + v[mid].nr <= gfn)
			low = mid + 1;
		else
			high = mid;
	}
	return low < nr ? v + low : NULL;
}

static uint64_t fill_end(const struct plan_fill *run)
{
	return run->gfn + run->nr;
}

static bool continues(const struct plan_fill *last, const struct plan_fill *run)
{
	return last->zero == run->zero && last->skip_zero == run->skip_zero &&
	       fill_end(last) == run->gfn &&
	       (run->zero ||
		last->offset + (uint64_t)last->nr * XT_PAGE_SIZE ==
		run->offset) &&
	       last->nr <= UINT32_MAX - run->nr;
}

int fills_add(struct fills *f, const struct plan_fill *run)
{
	struct plan_fill *v;

	if (f->nr && continues(&f->v[f->nr - 1], run)) {
		f->v[f->nr - 1].nr += run->nr;
		return 0;
	}

	v = grown(f->v, f->nr, &f->cap, sizeof(*v));
	if (!v)
		return -1;
	f->v = v;
	v[f->nr++] = *run;
	return 0;
}

struct plan_fill fill_cut(struct plan_fill *left, uint32_t nr)
{
	struct plan_fill first = *left;

	first.nr = nr;
	left->gfn += nr;
	left->nr -= nr;
	if (!left->zero)
		left->offset += (uint64_t)nr * XT_PAGE_SIZE;
	return first;
}

static int cmp_gfn(const void *a, const void *b)
{
	return cmp(((const struct plan_fill *)a)->gfn,
		   ((const struct plan_fill *)b)->gfn);
}

static int cmp_offset(const void *a, const void *b)
{
	return cmp(((const struct plan_fill *)a)->offset,
		   ((const struct plan_fill *)b)->offset);
}

static void sort_by_gfn(struct fills *f)
{
	if (f->nr)
		qsort(f->v, f->nr, sizeof(*f->v), cmp_gfn);
}

void fills_sort_by_offset(struct fills *f)
{
	if (f->nr)
		qsort(f->v, f->nr, sizeof(*f->v), cmp_offset);
}

void fills_normalize_zero(struct fills *f)
{
	struct plan_fill *last;
	size_t i;

	if (!f->nr)
		return;
	sort_by_gfn(f);

	last = f->v;
	for (i = 1; i < f->nr; i++) {
		if (continues(last, &f->v[i]))
			last->nr += f->v[i].nr;
		else
			*++last = f->v[i];
	}
	f->nr = (size_t)(last - f->v) + 1;
}

/* A heap of fills, the one with the highest offset on top. */
struct heap {
	const struct plan_fill **v;
	size_t nr;
};

static void heap_push(struct heap *h, const struct plan_fill *run)
{
	size_t i = h->nr++;

	for (; i && h->v[(i - 1) / 2]->offset < run->offset; i = (i - 1) / 2)
		h->v[i] = h->v[(i - 1) / 2];
	h->v[i] = run;
}

static void heap_pop(struct heap *h)
{
	const struct plan_fill *run = h->v[--h->nr];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < h->nr) {
		if (child + 1 < h->nr &&
		    h->v[child + 1]->offset > h->v[child]->offset)
			child++;
		if (h->v[child]->offset <= run->offset)
			break;
		h->v[i] = h->v[child];
		i = child;
	}
	h->v[i] = run;
}

/* The part of @run from @gfn on, up to @end. */
static struct plan_fill part(const struct plan_fill *run, uint64_t gfn,
			     uint64_t end)
{
	return (struct plan_fill) {
		.gfn = gfn,
		.offset = run->offset + (gfn - run->gfn) * XT_PAGE_SIZE,
		.nr = (uint32_t)(end - gfn),
	};
}

/*
 * Goes through the gfns in ascending order. The heap has every fill that began
 * at or before @pos; those that ended leave when they come to the top.
 */
static int sweep(const struct fills *in, struct heap *h, struct fills *out)
{
	uint64_t pos = 0, end;
	struct plan_fill run;
	size_t i = 0;

	while (i < in->nr || h->nr) {
		if (!h->nr)
			pos = in->v[i].gfn;
		while (i < in->nr && in->v[i].gfn == pos)
			heap_push(h, &in->v[i++]);
		while (h->nr && fill_end(h->v[0]) <= pos)
			heap_pop(h);
		if (!h->nr)
			continue;

		end = fill_end(h->v[0]);
		if (i < in->nr && in->v[i].gfn < end)
			end = in->v[i].gfn;
		run = part(h->v[0], pos, end);
		if (fills_add(out, &run))
			return -1;
		pos = end;
	}
	return 0;
}

int fills_resolve(struct fills *f)
{
	struct fills out = { 0 };
	struct heap h = { 0 };
	int ret;

	if (!f->nr)
		return 0;
	sort_by_gfn(f);
	h.v = reallocarray(NULL, f->nr, sizeof(*h.v));
	if (!h.v)
		return -1;

	ret = sweep(f, &h, &out);
	free(h.v);
	if (ret) {
		free(out.v);
		return -1;
	}
	free(f->v);
	*f = out;
	return 0;
}

static int add_zeros(struct fills *zero, uint64_t gfn, uint64_t end)
{
	struct plan_fill run = { .zero = true };

	for (; gfn < end; gfn += run.nr) {
		run.gfn = gfn;
		run.nr = end - gfn < UINT32_MAX ? (uint32_t)(end - gfn) :
						  UINT32_MAX;
		if (fills_add(zero, &run))
			return -1;
	}
	return 0;
}

int fills_add_rest(struct fills *zero, const struct ranges *all,
		   const struct fills *data)
{
	uint64_t pos, end;
	size_t i, d = 0;

	for (i = 0; i < all->nr; i++) {
		pos = all->v[i].gfn;
		end = pos + all->v[i].nr;
		for (; d < data->nr && data->v[d].gfn < end; d++) {
			if (add_zeros(zero, pos, data->v[d].gfn))
				return -1;
			pos = fill_end(&data->v[d]);
		}
		if (add_zeros(zero, pos, end))
			return -1;
	}
	return 0;
}
