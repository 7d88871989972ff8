// SPDX-License-Identifier: GPL-2.0
/*
 * The stream of a PV guest: which pages the stock helper has to see, and what
 * its PAGE_DATA records become.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* xen-compat.h: without it, the handle types of Xen 3.2. */
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__

#include <xen/xen.h>

#include "pv.h"

/* Records of the stock helper (libxc-migration-stream.pandoc). */
struct pv_info {
	uint8_t guest_width;
	uint8_t pt_levels;
	uint8_t options;
};

struct p2m_frames {
	uint32_t start_pfn;
	uint32_t end_pfn;
};

struct vcpu_header {
	uint32_t vcpu_id;
	uint32_t reserved;
};

struct out_record {
	uint32_t type;
	uint32_t length;
	uint32_t count;
	uint32_t reserved;
	uint64_t entries[];
};

#define PFNS_PER_PAGE	(XT_PAGE_SIZE / sizeof(uint64_t))

static int no_memory(struct stream *s)
{
	return stream_fail(s, s->next, "no memory");
}

/* Zeros in a hole take no disk space: what repeats takes no memory either. */
static int keep_pfn(struct pv *pv, struct stream *s, uint64_t pfn)
{
	const struct ranges *r = &pv->keep;

	if (r->nr && pfn - r->v[r->nr - 1].gfn < r->v[r->nr - 1].nr)
		return 0;
	return ranges_add(&pv->keep, pfn, 1) ? no_memory(s) : 0;
}

static int for_stock(struct stream *s, const struct stream_record *rec,
		     const char *why)
{
	stream_fail(s, rec->offset, "record %s: %s",
		    stream_rec_name(rec->type), why);
	return 1;
}

static int scan_info(struct pv *pv, struct stream *s,
		     const struct stream_record *rec)
{
	struct pv_info info;

	if (rec->length < sizeof(info))
		return for_stock(s, rec, "too short");
	if (stream_read(s, rec->body, &info, sizeof(info), "X86_PV_INFO"))
		return -1;
	if (info.guest_width != 8 || info.pt_levels != 4)
		return for_stock(s, rec, "not a 64-bit PV guest");
	pv->seen_info = true;
	return 0;
}

/* The frames of the p2m: the stock helper writes the new table there. */
static int scan_p2m(struct pv *pv, struct stream *s,
		    const struct stream_record *rec)
{
	uint64_t pfns[PFNS_PER_PAGE], frames, nr, i;
	uint64_t offset = rec->body + sizeof(struct p2m_frames);
	struct p2m_frames h;

	if (rec->length < sizeof(h))
		return for_stock(s, rec, "too short");
	if (stream_read(s, rec->body, &h, sizeof(h), "X86_PV_P2M_FRAMES"))
		return -1;
	if (h.start_pfn > h.end_pfn)
		return for_stock(s, rec, "it ends before it starts");
	frames = h.end_pfn / PFNS_PER_PAGE + 1 - h.start_pfn / PFNS_PER_PAGE;
	if (rec->length != sizeof(h) + frames * sizeof(*pfns))
		return for_stock(s, rec, "of a wrong size");
	if (pv->nr_pfns <= h.end_pfn)
		pv->nr_pfns = (uint64_t)h.end_pfn + 1;

	for (; frames; frames -= nr, offset += nr * sizeof(*pfns)) {
		nr = frames < PFNS_PER_PAGE ? frames : PFNS_PER_PAGE;
		if (stream_read(s, offset, pfns, nr * sizeof(*pfns),
				"p2m frames"))
			return -1;
		for (i = 0; i < nr; i++)
			if (keep_pfn(pv, s, pfns[i]))
				return -1;
	}
	return 0;
}

/* start_info, whose pfn is in vcpu 0's edx, and the frames of the GDTs. */
static int scan_vcpu(struct pv *pv, struct stream *s,
		     const struct stream_record *rec)
{
	vcpu_guest_context_t ctx;
	struct vcpu_header h;
	unsigned long i, frames;

	if (rec->length != sizeof(h) + sizeof(ctx))
		return for_stock(s, rec, "of a wrong size");
	if (stream_read(s, rec->body, &h, sizeof(h), "vcpu header") ||
	    stream_read(s, rec->body + sizeof(h), &ctx, sizeof(ctx),
			"vcpu context"))
		return -1;

	if (!h.vcpu_id && keep_pfn(pv, s, ctx.user_regs.rdx))
		return -1;
	frames = (ctx.gdt_ents + 511) / 512;
	if (frames > sizeof(ctx.gdt_frames) / sizeof(ctx.gdt_frames[0]))
		return for_stock(s, rec, "too many GDT entries");
	for (i = 0; i < frames; i++)
		if (keep_pfn(pv, s, ctx.gdt_frames[i]))
			return -1;
	return 0;
}

static bool is_table(unsigned int type)
{
	return type != PFN_NOTAB && type < PFN_BROKEN;
}

struct page_scan {
	struct pv *pv;
	struct stream *s;
	const struct stream_record *rec;
};

/* For stream_page_runs(): page tables are kept, whatever they were before. */
static int scan_run(void *arg, const struct page_run *run)
{
	struct page_scan *scan = arg;

	if (run->pfn + run->nr > scan->pv->nr_pfns)
		return stream_fail(scan->s, scan->rec->offset,
				   "pfn %#" PRIx64 " is beyond the guest's last, %#" PRIx64,
				   run->pfn + run->nr - 1,
				   scan->pv->nr_pfns - 1);
	if (is_table(run->type) &&
	    ranges_add(&scan->pv->keep, run->pfn, run->nr))
		return no_memory(scan->s);
	return 0;
}

static int scan_record(struct pv *pv, struct stream *s,
		       const struct stream_record *rec)
{
	struct page_scan scan = { .pv = pv, .s = s, .rec = rec };

	switch (rec->type) {
	case REC_X86_PV_INFO:
		return scan_info(pv, s, rec);
	case REC_X86_PV_P2M_FRAMES:
		return scan_p2m(pv, s, rec);
	case REC_X86_PV_VCPU_BASIC:
		return scan_vcpu(pv, s, rec);
	case REC_PAGE_DATA:
		if (!pv->seen_info || !pv->nr_pfns)
			return for_stock(s, rec,
					 "before X86_PV_INFO or X86_PV_P2M_FRAMES");
		return stream_page_runs(s, rec, scan_run, &scan);
	default:
		return 0;
	}
}

/* Return: the first kept range that ends above a pfn, or one past the last. */
static const struct plan_range *keep_from(const struct pv *pv, uint64_t pfn)
{
	size_t low = 0, high = pv->keep.nr;

	while (low < high) {
		size_t mid = (low + high) / 2;
		const struct plan_range *r = &pv->keep.v[mid];

		if (r->gfn + r->nr <= pfn)
			low = mid + 1;
		else
			high = mid;
	}
	return pv->keep.v + low;
}

/*
 * How many pfns from the first on are all kept, or all not kept.
 * @kept: out: which of the two
 */
static uint32_t same_part(const struct pv *pv, uint64_t pfn, uint32_t nr,
			  bool *kept)
{
	const struct plan_range *r = keep_from(pv, pfn);
	uint64_t end = pfn + nr;

	*kept = false;
	if (r < pv->keep.v + pv->keep.nr) {
		*kept = r->gfn <= pfn;
		if (*kept && r->gfn + r->nr < end)
			end = r->gfn + r->nr;
		else if (!*kept && r->gfn < end)
			end = r->gfn;
	}
	return end - pfn;
}

/* Takes the kept pfns out of a list of fills. */
static int remove_kept(const struct pv *pv, struct plan_fill **v, size_t *nr)
{
	struct fills out = { 0 };
	size_t i;

	for (i = 0; i < *nr; i++) {
		struct plan_fill left = (*v)[i];

		while (left.nr) {
			struct plan_fill part = left;
			bool kept;

			part.nr = same_part(pv, left.gfn, left.nr, &kept);
			if (!kept && fills_add(&out, &part)) {
				free(out.v);
				return -1;
			}
			left.gfn += part.nr;
			left.nr -= part.nr;
			if (!left.zero)
				left.offset += (uint64_t)part.nr * XT_PAGE_SIZE;
		}
	}
	free(*v);
	*v = out.v;
	*nr = out.nr;
	return 0;
}

int pv_scan(struct pv *pv, struct stream *s, struct plan *plan)
{
	struct stream_record rec;
	struct stream scan;
	int ret;

	memset(pv, 0, sizeof(*pv));
	pv->table_fd = -1;
	pv->event_fd = -1;
	ret = stream_open(&scan, s->fd, s->name, s->start);
	while (!ret) {
		ret = stream_next(&scan, &rec);
		if (!ret)
			ret = scan_record(pv, &scan, &rec);
		if (!ret && rec.type == REC_END)
			break;
	}
	if (!ret) {
		ranges_normalize(&pv->keep);
		if (remove_kept(pv, &plan->data, &plan->nr_data) ||
		    remove_kept(pv, &plan->zero, &plan->nr_zero))
			ret = no_memory(&scan);
	}
	if (ret)
		memcpy(s->error, scan.error, sizeof(s->error));
	return ret;
}

/* A PAGE_DATA record in the making. */
struct rewrite {
	const struct pv *pv;
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

		piece.nr = run->has_data ? same_part(w->pv, piece.gfn, left,
						     &kept) : left;
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

void *pv_rewrite(struct pv *pv, struct stream *s,
		 const struct stream_record *rec, struct fills *pieces,
		 size_t *length)
{
	struct rewrite w = { .pv = pv, .pieces = pieces };
	uint64_t data = 0;
	size_t i;

	memset(pieces, 0, sizeof(*pieces));
	/* As long as the record, of which the list is small: not to be cleared. */
	w.out = malloc(sizeof(*w.out) + rec->length);
	if (w.out)
		memset(w.out, 0, sizeof(*w.out));
	if (!w.out || stream_page_runs(s, rec, rewrite_run, &w)) {
		if (!s->error[0])
			no_memory(s);
		free(w.out);
		return NULL;
	}
	for (i = 0; i < pieces->nr; i++)
		data += (uint64_t)pieces->v[i].nr * XT_PAGE_SIZE;

	*length = sizeof(*w.out) + w.out->count * sizeof(uint64_t);
	w.out->type = htole32(REC_PAGE_DATA);
	w.out->length = htole32(*length - 8 + data);
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
