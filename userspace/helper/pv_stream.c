// SPDX-License-Identifier: GPL-2.0
/*
 * The stream of a PV guest as the stock helper gets it, and where it put the
 * pages that we fill.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "pv.h"

struct out_record {
	uint32_t type;
	uint32_t length;
	uint32_t count;
	uint32_t reserved;
	uint64_t entries[];
};

/* A PAGE_DATA record in the making. */
struct rewrite {
	const struct pv_pages *pages;
	struct out_record *out;
	struct fills *pieces;
};

/* For stream_page_runs(). */
static int rewrite_run(void *arg, const struct page_run *run)
{
	struct rewrite *w = arg;
	struct plan_fill piece = { .gfn = run->pfn, .offset = run->offset };
	uint32_t left = run->nr;

	while (left) {
		uint64_t type = run->type;
		bool kept = false;
		uint32_t i;

		piece.nr = run->has_data ? pfn_set_same(&w->pages->keep, piece.gfn,
							left, &kept) : left;
		if (run->has_data && !kept)
			type = PFN_XALLOC;
		for (i = 0; i < piece.nr; i++)
			w->out->entries[w->out->count++] =
				htole64(type << PFN_TYPE_SHIFT | (piece.gfn + i));
		if (kept && fills_add(w->pieces, &piece))
			return -1;
		piece.gfn += piece.nr;
		piece.offset += (uint64_t)piece.nr * XT_PAGE_SIZE;
		left -= piece.nr;
	}
	return 0;
}

void *pv_rewrite(const struct pv *pv, struct stream *s,
		 const struct stream_record *rec, struct fills *pieces,
		 size_t *length)
{
	struct rewrite w = { .pages = pv->pages, .pieces = pieces };
	uint64_t data = 0;
	size_t i;

	memset(pieces, 0, sizeof(*pieces));
	/* As long as the record, of which the list is small: not to be cleared. */
	w.out = malloc(sizeof(*w.out) + rec->length);
	if (w.out)
		memset(w.out, 0, sizeof(*w.out));
	if (!w.out || stream_page_runs(s, rec, rewrite_run, &w)) {
		if (!s->error[0])
			stream_fail(s, s->next, "no memory");
		free(w.out);
		return NULL;
	}
	for (i = 0; i < pieces->nr; i++)
		data += (uint64_t)pieces->v[i].nr * XT_PAGE_SIZE;

	*length = sizeof(*w.out) + w.out->count * sizeof(uint64_t);
	w.out->type = htole32(REC_PAGE_DATA);
	w.out->length = htole32(*length - RECORD_HEADER_SIZE + data);
	w.out->count = htole32(w.out->count);
	return w.out;
}

int pv_translate(const struct pv *pv, const struct plan_fill *fill,
		 struct fills *out)
{
	const uint64_t *mfns = pv->table + fill->gfn;
	struct plan_fill run = *fill;
	uint32_t i;

	for (i = 0; i < fill->nr; i += run.nr) {
		run.gfn = mfns[i];
		run.nr = 1;
		while (i + run.nr < fill->nr &&
		       mfns[i + run.nr] == run.gfn + run.nr)
			run.nr++;
		if (fills_add(out, &run))
			return -1;
		if (!run.zero)
			run.offset += (uint64_t)run.nr * XT_PAGE_SIZE;
	}
	return 0;
}
