// SPDX-License-Identifier: GPL-2.0
/* PV guests: either we fill a page, or the stock helper does. */
#include <string.h>

#include "fuzz.h"
#include "pv.h"
#include "layout.h"
#include "savefile.h"

static bool is_kept(const struct pv_pages *pv, uint64_t pfn)
{
	bool kept;

	pfn_set_same(&pv->keep, pfn, 1, &kept);
	return kept;
}

/* Checks that the plan lost exactly the pages that stock keeps. */
static void check_fills(const struct pv_pages *pv, const struct fuzz_page *old,
			size_t nr_old, const struct plan *p)
{
	struct fuzz_page *new;
	size_t nr, i, j = 0;

	new = fuzz_pages(p, &nr);
	for (i = 0; i < nr_old; i++) {
		if (is_kept(pv, old[i].gfn))
			continue;
		CHECK(j < nr && new[j].gfn == old[i].gfn);
		CHECK(new[j].zero == old[i].zero);
		CHECK(new[j].offset == old[i].offset);
		j++;
	}
	CHECK(j == nr);
	free(new);
}

/* Checks that the record for stock lists the same pfns in the same order. */
static void check_rewritten(const struct pv_pages *pv, const struct stream_record *rec,
			    const uint8_t *data, const uint8_t *out,
			    size_t length, const struct fills *pieces)
{
	const uint64_t mask = 0xfffffffffffff;
	uint32_t count = get32(data + rec->body), i;
	uint64_t at = rec->body + 8 + 8UL * count, left = 0, was, is, type;
	const struct plan_fill *f = pieces->v;
	uint32_t done = 0;

	CHECK(get32(out + 8) == count);
	CHECK(length == 16 + 8UL * count);
	for (i = 0; i < count; i++) {
		was = get64(data + rec->body + 8 + 8UL * i);
		is = get64(out + 16 + 8UL * i);
		type = was >> 60;
		CHECK((was & mask) == (is & mask));
		if (type >= PFN_BROKEN) {
			CHECK(is >> 60 == type);
			continue;
		}
		if (!is_kept(pv, was & mask)) {
			CHECK(is >> 60 == PFN_XALLOC && type == PFN_NOTAB);
		} else {
			CHECK(is >> 60 == type);
			CHECK(f < pieces->v + pieces->nr);
			CHECK(f->offset + done * 4096UL == at);
			if (++done == f->nr)
				f++, done = 0;
			left += XT_PAGE_SIZE;
		}
		at += XT_PAGE_SIZE;
	}
	CHECK(f == pieces->v + pieces->nr && !done);
	CHECK(get32(out + 4) == length - 8 + left);
}

static void check_records(const struct pv *pv, struct stream *s, const uint8_t *data)
{
	struct stream_record rec;
	struct fills pieces;
	size_t length;
	void *out;

	do {
		CHECK(!stream_next(s, &rec));
		if (rec.type != REC_PAGE_DATA)
			continue;
		out = pv_rewrite(pv, s, &rec, &pieces, &length);
		CHECK(out, "%s", s->error);
		check_rewritten(pv->pages, &rec, data, out, length, &pieces);
		free(pieces.v);
		free(out);
	} while (rec.type != REC_END);
}

static void scan(struct savefile *f, struct plan *p, const uint8_t *data)
{
	struct stream s = f->stream;
	struct fuzz_page *old;
	struct pv pv = { .pages = &p->pv };
	size_t nr, i;

	s.error[0] = '\0';
	if (plan_build(p, &s)) {
		fuzz_check_error(s.error);
		return;
	}
	old = fuzz_pages(p, &nr);
	for (i = 0; i < nr; i++)
		CHECK(old[i].gfn < pv.pages->nr_pfns);
	CHECK(!plan_remove_kept(p));
	check_fills(pv.pages, old, nr, p);
	check_records(&pv, &f->stream, data);
	free(old);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct savefile f;
	struct plan p = { 0 };

	if (savefile_open(&f, fuzz_file(0, data, size), "file") ||
	    f.stream.guest_type != STREAM_GUEST_PV || plan_refusal(&f.stream))
		return 0;
	scan(&f, &p, data);
	plan_free(&p);
	return 0;
}
