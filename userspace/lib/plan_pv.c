// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>

/* xen-compat.h: without it, the handle types of Xen 3.2. */
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__

#include <xen/xen.h>

#include "plan_pv.h"

struct vcpu_header {
	uint32_t vcpu_id;
	uint32_t reserved;
};

#define PFNS_PER_PAGE	(XT_PAGE_SIZE / sizeof(uint64_t))

static int no_memory(struct stream *s)
{
	return stream_fail(s, s->next, "no memory");
}

static int keep(struct pv_pages *pv, struct stream *s, uint64_t pfn, uint32_t nr)
{
	return pfn_set_add(&pv->keep, pfn, nr) ? no_memory(s) : 0;
}

/* A file can name a pfn without end: only the first time counts. */
static int keep_of_vcpu(struct pv_pages *pv, struct stream *s, uint64_t pfn)
{
	bool kept;

	pfn_set_same(&pv->keep, pfn, 1, &kept);
	if (kept)
		return 0;
	return ranges_add(&pv->of_vcpus, pfn, 1) ? no_memory(s) :
	       keep(pv, s, pfn, 1);
}

static int for_stock(struct stream *s, const struct stream_record *rec,
		     const char *why)
{
	stream_fail(s, rec->offset, "record %s: %s",
		    record_name(rec->type), why);
	return 1;
}

static int scan_info(struct pv_pages *pv, struct stream *s,
		     const struct stream_record *rec)
{
	struct record_pv_info info;

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
static int scan_p2m(struct pv_pages *pv, struct stream *s,
		    const struct stream_record *rec)
{
	uint64_t pfns[PFNS_PER_PAGE], frames, nr, i;
	uint64_t offset = rec->body + sizeof(struct record_p2m_frames);
	struct record_p2m_frames h;

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
			if (keep(pv, s, pfns[i], 1))
				return -1;
	}
	return 0;
}

/* start_info, whose pfn is in vcpu 0's edx, and the frames of the GDTs. */
static int scan_vcpu(struct pv_pages *pv, struct stream *s,
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

	if (!h.vcpu_id && keep_of_vcpu(pv, s, ctx.user_regs.rdx))
		return -1;
	frames = (ctx.gdt_ents + 511) / 512;
	if (frames > sizeof(ctx.gdt_frames) / sizeof(ctx.gdt_frames[0]))
		return for_stock(s, rec, "too many GDT entries");
	for (i = 0; i < frames; i++)
		if (keep_of_vcpu(pv, s, ctx.gdt_frames[i]))
			return -1;
	return 0;
}

bool pv_pages_is_table(unsigned int type)
{
	return type != PFN_NOTAB && type < PFN_BROKEN;
}

int pv_pages_run(struct pv_pages *pv, struct stream *s,
		 const struct stream_record *rec, const struct page_run *run)
{
	if (run->pfn + run->nr > pv->nr_pfns)
		return stream_fail(s, rec->offset,
				   "pfn %#" PRIx64 " is beyond the guest's last, %#" PRIx64,
				   run->pfn + run->nr - 1, pv->nr_pfns - 1);
	return pv_pages_is_table(run->type) ? keep(pv, s, run->pfn, run->nr) : 0;
}

int pv_pages_record(struct pv_pages *pv, struct stream *s,
		    const struct stream_record *rec)
{
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
		return 0;
	default:
		return 0;
	}
}

void pv_pages_free(struct pv_pages *pv)
{
	pfn_set_free(&pv->keep);
	free(pv->of_vcpus.v);
	pv->of_vcpus = (struct ranges){ 0 };
}
