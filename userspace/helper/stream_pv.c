// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xenforeignmemory.h>

#include "forward.h"
#include "input.h"
#include "message.h"
#include "stream_pv.h"

/* The list of p2m frames of a guest of 4 TiB takes that much. */
#define HELD_MAX	(16U << 20)

/**
 * struct learner - looks at the list of a PAGE_DATA record
 * @f: the restore
 * @rec: the record
 * @entries: of the list
 * @ours: a page that we filled becomes a page table
 */
struct learner {
	struct flow *f;
	const struct stream_record *rec;
	uint64_t entries;
	bool ours;
};

/* A page as a record of its own. */
struct page_record {
	uint32_t type;
	uint32_t length;
	uint32_t count;
	uint32_t reserved;
	uint64_t entry;
	uint8_t page[XT_PAGE_SIZE];
};

static struct pv_pages *pages_of(struct flow *f)
{
	return f->r->pv->pages;
}

/* Whether some pfns are not kept, and had contents or memory already. */
static bool are_ours(struct flow *f, uint64_t pfn, uint32_t nr)
{
	uint32_t n, i;
	bool kept, seen;

	for (; nr; nr -= n, pfn += n) {
		n = pfn_set_same(&pages_of(f)->keep, pfn, nr, &kept);
		for (i = 0; !kept && i < n; ) {
			i += pfn_set_same(&f->cutter.seen, pfn + i, n - i, &seen);
			if (seen)
				return true;
		}
	}
	return false;
}

/* For stream_page_runs(). */
static int learn_run(void *arg, const struct page_run *run)
{
	struct learner *l = arg;

	l->entries += run->nr;
	if (pv_pages_is_table(run->type) && are_ours(l->f, run->pfn, run->nr))
		l->ours = true;
	return pv_pages_run(pages_of(l->f), &l->f->r->stream, l->rec, run);
}

/*
 * Only the stock helper can do what remains: that is too late if we have begun. Return:
 * PASS_ON, or 1: in both cases the stream's error says why.
 */
static int for_stock(const struct flow *f)
{
	return f->cutter.populated ? 1 : PASS_ON;
}

/* Forwards the header and the list, with plain pages turned into XALLOC. */
static int forward_list(struct flow *f, const struct stream_record *rec)
{
	struct fills kept;
	size_t length;
	void *record = pv_rewrite(f->r->pv, &f->r->stream, rec, &kept, &length);
	int ret = -1;

	if (record)
		ret = forward_bytes(f->r, f->pipe_fd, record, length,
				    rec->offset) ? SAID : 0;
	free(kept.v);
	free(record);
	return ret;
}

static int take_part(struct flow *f, const struct page_run *part, bool kept)
{
	uint64_t end = part->offset + (uint64_t)part->nr * XT_PAGE_SIZE;
	int ret;

	if (!kept) {
		ret = cutter_run(&f->cutter, part);
		return ret > 0 ? SAID : ret;
	}
	if (!part->has_data)
		return 0;
	return forward(f->r, f->pipe_fd, part->offset, end) ? SAID : 0;
}

/* For stream_page_runs(). */
static int take_run(void *arg, const struct page_run *run)
{
	struct flow *f = arg;
	struct page_run part = *run;
	uint32_t left = run->nr;
	bool kept;
	int ret;

	for (; left; left -= part.nr, part.pfn += part.nr) {
		part.nr = pfn_set_same(&pages_of(f)->keep, part.pfn, left, &kept);
		ret = take_part(f, &part, kept);
		if (ret)
			return ret;
		if (part.has_data)
			part.offset += (uint64_t)part.nr * XT_PAGE_SIZE;
	}
	return 0;
}

int stream_pv_pages(struct flow *f, const struct stream_record *rec)
{
	struct stream *s = &f->r->stream;
	struct learner l = { .f = f, .rec = rec };
	int ret = pv_pages_record(pages_of(f), s, rec);

	if (ret > 0)
		return for_stock(f);
	if (!ret)
		ret = stream_page_runs(s, rec, learn_run, &l);
	if (ret)
		return ret;
	if (l.entries > PAGES_PER_RECORD) {
		stream_fail(s, rec->offset, "PAGE_DATA of %" PRIu64 " pfns of a PV guest, stock writes %u at most",
			    l.entries, PAGES_PER_RECORD);
		return for_stock(f);
	}
	/* A piece waits for the stock helper, so its records have to be whole there. */
	ret = l.ours ? flow_settle(f) :
		       cutter_make_room(&f->cutter, PAGES_PER_RECORD);
	if (ret)
		return ret < 0 ? ret : SAID;
	ret = forward_list(f, rec);
	return ret ? ret : stream_page_runs(s, rec, take_run, f);
}

/* Copies a page of the guest into a record. Return: 0 or an errno. */
static int copy_page(struct flow *f, uint64_t pfn, uint8_t *to)
{
	xen_pfn_t mfn = f->r->pv->table[pfn];
	int err = 0;
	void *map = xenforeignmemory_map(f->r->job.fmem, f->r->domid, PROT_READ,
					 1, &mfn, &err);

	if (!map)
		return errno;
	if (!err)
		memcpy(to, map, XT_PAGE_SIZE);
	xenforeignmemory_unmap(f->r->job.fmem, map, 1);
	return err < 0 ? -err : err;
}

/* The stock helper has it as XALLOC, without contents, and expects NOTAB. */
static int give_page(struct flow *f, uint64_t pfn, const struct stream_record *rec)
{
	static struct page_record out;
	int err = copy_page(f, pfn, out.page);

	if (err) {
		stream_fail(&f->r->stream, rec->offset,
			    "pfn %#" PRIx64 ": cannot map: %s; was domain %u destroyed?",
			    pfn, strerror(err), f->r->domid);
		return -1;
	}
	out.type = htole32(REC_PAGE_DATA);
	out.length = htole32(sizeof(out) - RECORD_HEADER_SIZE);
	out.count = htole32(1);
	out.entry = htole64((uint64_t)PFN_NOTAB << PFN_TYPE_SHIFT | pfn);
	return forward_bytes(f->r, f->pipe_fd, &out, sizeof(out), rec->offset) ? SAID : 0;
}

/* Gives the pages of a vcpu that were ours. */
static int give_pages(struct flow *f, const struct stream_record *rec)
{
	struct ranges *v = &pages_of(f)->of_vcpus;
	size_t i;
	uint64_t j;
	int ret = 0;

	for (i = 0; i < v->nr; i++)
		for (j = 0; !ret && j < v->v[i].nr; j++) {
			bool seen;

			pfn_set_same(&f->cutter.seen, v->v[i].gfn + j, 1, &seen);
			if (seen)
				ret = give_page(f, v->v[i].gfn + j, rec);
		}
	v->nr = 0;
	return ret;
}

int stream_pv_record(struct flow *f, const struct stream_record *rec)
{
	struct stream *s = &f->r->stream;
	int ret;

	if (rec->type != REC_X86_PV_INFO && rec->type != REC_X86_PV_P2M_FRAMES &&
	    rec->type != REC_X86_PV_VCPU_BASIC)
		return 0;
	if (rec->length > HELD_MAX) {
		stream_fail(s, rec->offset, "record %s of %u bytes",
			    record_name(rec->type), rec->length);
		return for_stock(f);
	}
	if (input_hold(s, rec->body + rec->length, record_name(rec->type)))
		return -1;
	ret = pv_pages_record(pages_of(f), s, rec);
	if (ret)
		return ret < 0 ? ret : for_stock(f);
	return give_pages(f, rec);
}
