// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format.h"
#include "input.h"
#include "pieces.h"
#include "pour.h"
#include "walk.h"

/* What happens to a page, in the order of @seq. */
struct event {
	uint64_t gfn;
	uint64_t seq;
	uint32_t sum;
	bool populate;
};

/* A restore under way. */
struct pourer {
	struct poured *p;
	struct stream s;
	struct cutter cutter;
	struct piece piece;
	bool out;
	struct event *event;
	size_t nr;
	size_t cap;
};

static void add_event(struct pourer *w, struct event e)
{
	if (w->nr == w->cap) {
		w->cap = w->cap ? w->cap * 2 : 1024;
		w->event = reallocarray(w->event, w->cap, sizeof(e));
		if (!w->event)
			err(1, "%zu events", w->cap);
	}
	e.seq = w->nr;
	w->event[w->nr++] = e;
}

static struct piece *get(void *arg)
{
	struct pourer *w = arg;

	if (w->out)
		errx(1, "two pieces at once");
	w->out = true;
	return &w->piece;
}

static void pour_fill(struct pourer *w, const struct plan_fill *f)
{
	uint64_t at = (f->offset - w->piece.offset) / XT_PAGE_SIZE;
	uint32_t i;

	if (!f->zero && at + f->nr > w->piece.pages)
		errx(1, "contents outside of the piece");
	for (i = 0; i < f->nr; i++) {
		const uint8_t *page = w->piece.buffer + (at + i) * XT_PAGE_SIZE;
		struct event e = { .gfn = f->gfn + i };

		e.sum = thaw_zero_page_sum();
		if (!f->zero)
			e.sum = thaw_sum(0, page, XT_PAGE_SIZE);
		add_event(w, e);
	}
}

static void pour_fills(struct pourer *w, const struct fills *fills)
{
	size_t i;

	for (i = 0; i < fills->nr; i++)
		pour_fill(w, &fills->v[i]);
}

static int put(void *arg, struct piece *piece)
{
	struct pourer *w = arg;
	const struct plan_range *r;
	uint64_t i;

	for (r = piece->populate.v; r < piece->populate.v + piece->populate.nr; r++) {
		uint64_t first = (r->gfn + PFN_CHUNK - 1) / PFN_CHUNK;
		uint64_t end = (r->gfn + r->nr) / PFN_CHUNK;

		if (end > first)
			w->p->superpages += end - first;
		for (i = 0; i < r->nr; i++) {
			struct event e = { .gfn = r->gfn + i, .populate = true };

			add_event(w, e);
		}
	}
	pour_fills(w, &piece->zero);
	pour_fills(w, &piece->data);
	w->p->pieces++;
	w->out = false;
	return 0;
}

static int pour_run(void *arg, const struct page_run *run)
{
	struct pourer *w = arg;

	return cutter_run(&w->cutter, run);
}

static int pour_record(void *arg, const struct stream_record *rec)
{
	struct pourer *w = arg;

	if (rec->type == REC_PAGE_DATA) {
		w->cutter.record = rec->offset;
		return stream_page_runs(&w->s, rec, pour_run, w);
	}
	return rec->type & REC_OPTIONAL ? 0 : cutter_flush(&w->cutter);
}

static int cmp_event(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->gfn != y->gfn)
		return x->gfn < y->gfn ? -1 : 1;
	return x->seq < y->seq ? -1 : 1;
}

static void wrong(struct poured *p, const char *what, uint64_t gfn)
{
	snprintf(p->error, sizeof(p->error), "gfn %#" PRIx64 ": %s", gfn, what);
	p->wrong = true;
}

/* Each page is populated first and once; what is filled in last stays. */
static void settle(struct pourer *w)
{
	struct poured *p = w->p;
	size_t i;

	if (w->nr)
		qsort(w->event, w->nr, sizeof(*w->event), cmp_event);
	p->page = calloc(w->nr + 1, sizeof(*p->page));
	if (!p->page)
		err(1, "%zu pages", w->nr);
	for (i = 0; i < w->nr; i++) {
		const struct event *e = &w->event[i];
		bool first = !i || e->gfn != e[-1].gfn;

		if (first != e->populate)
			wrong(p, first ? "filled before it was populated" :
			      "populated twice", e->gfn);
		if (first)
			p->page[p->nr++].gfn = e->gfn;
		else
			p->page[p->nr - 1].sum = e->sum;
		if (first && (i + 1 == w->nr || e[1].gfn != e->gfn))
			wrong(p, "not filled", e->gfn);
	}
}

int pour(struct poured *p, int fd)
{
	static struct pourer w;
	const struct piece_user user = { get, put, &w };
	struct walk walk;
	struct input in;
	int ret;

	memset(p, 0, sizeof(*p));
	memset(&w, 0, sizeof(w));
	w.p = p;
	w.cutter.s = &w.s;
	w.cutter.user = &user;
	w.piece.offset = 7 * XT_PAGE_SIZE;
	w.piece.buffer = malloc((size_t)PIECE_PAGES * XT_PAGE_SIZE);
	if (!w.piece.buffer)
		err(1, "a piece");
	input_init(&in, fd);

	ret = input_open(&w.s, &in, "stream");
	if (!ret)
		ret = walk_records(&w.s, &walk, pour_record, &w);
	memcpy(p->error, w.s.error, sizeof(p->error));
	settle(&w);
	p->left = (uint64_t)lseek(fd, 0, SEEK_CUR);

	input_free(&in);
	cutter_free(&w.cutter);
	free(w.event);
	free(w.piece.buffer);
	free(w.piece.populate.v);
	free(w.piece.zero.v);
	free(w.piece.data.v);
	return ret;
}

static int cmp_page(const void *a, const void *b)
{
	const struct poured_page *x = a, *y = b;

	return (x->gfn > y->gfn) - (x->gfn < y->gfn);
}

void poured_plan(struct poured *p, const struct plan *plan, int fd)
{
	uint8_t page[XT_PAGE_SIZE];
	size_t i;
	uint32_t j;

	memset(p, 0, sizeof(*p));
	p->page = calloc(plan->pages + 1, sizeof(*p->page));
	if (!p->page)
		err(1, "%" PRIu64 " pages", plan->pages);
	for (i = 0; i < plan->nr_data + plan->nr_zero; i++) {
		const struct plan_fill *f = i < plan->nr_data ? &plan->data[i] :
					    &plan->zero[i - plan->nr_data];

		for (j = 0; j < f->nr && p->nr < plan->pages; j++) {
			off_t at = (off_t)(f->offset + (uint64_t)j * XT_PAGE_SIZE);

			if (!f->zero && pread(fd, page, sizeof(page), at) != sizeof(page))
				err(1, "reading a page");
			p->page[p->nr].gfn = f->gfn + j;
			p->page[p->nr++].sum = f->zero ? thaw_zero_page_sum() :
				thaw_sum(0, page, sizeof(page));
		}
	}
	if (p->nr)
		qsort(p->page, p->nr, sizeof(*p->page), cmp_page);
}

const char *poured_differs(const struct poured *a, const struct poured *b)
{
	static char text[128];
	size_t i;

	for (i = 0; i < a->nr && i < b->nr; i++)
		if (a->page[i].gfn != b->page[i].gfn ||
		    a->page[i].sum != b->page[i].sum)
			break;
	if (i == a->nr && i == b->nr)
		return NULL;
	snprintf(text, sizeof(text),
		 "page %zu of %zu and %zu: gfn %#" PRIx64 " and %#" PRIx64, i,
		 a->nr, b->nr, i < a->nr ? a->page[i].gfn : 0,
		 i < b->nr ? b->page[i].gfn : 0);
	return text;
}
