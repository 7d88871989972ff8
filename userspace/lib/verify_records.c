// SPDX-License-Identifier: GPL-2.0
/* Which records a stream has, in which order, and how long they are. */
#include <endian.h>
#include <inttypes.h>

#include "verify.h"

#define PV	1U
#define HVM	2U

/**
 * struct rule - how a type of record has to be
 * @guests: that have it
 * @min: the shortest body
 * @step: lengths go up by so many bytes; 0: @min is the only one
 * @once: there may be only one
 * @after: a type that has to come before, as the stock reader has it; END: none
 *
 * From xg_sr_restore*.c of Xen's tools/libs/guest.
 */
struct rule {
	uint8_t guests;
	uint16_t min;
	uint16_t step;
	bool once;
	uint8_t after;
};

static const struct rule rules[] = {
	[REC_END] = { PV | HVM, 0, 0, true, REC_STATIC_DATA_END },
	[REC_PAGE_DATA] = { PV | HVM, 16, 1, false, REC_STATIC_DATA_END },
	[REC_X86_PV_INFO] = { PV, 8, 1, true, 0 },
	[REC_X86_PV_P2M_FRAMES] = { PV, 16, 8, false, REC_X86_PV_INFO },
	[REC_X86_PV_VCPU_BASIC] = { PV, 8, 1, false, 0 },
	[REC_X86_PV_VCPU_EXTENDED] = { PV, 8, 1, false, 0 },
	[REC_X86_PV_VCPU_XSAVE] = { PV, 8, 1, false, 0 },
	[REC_X86_PV_VCPU_MSRS] = { PV, 8, 16, false, 0 },
	[REC_SHARED_INFO] = { PV, XT_PAGE_SIZE, 0, false, REC_X86_PV_INFO },
	[REC_X86_TSC_INFO] = { PV | HVM, 24, 0, false, 0 },
	[REC_HVM_CONTEXT] = { HVM, 1, 1, false, 0 },
	[REC_HVM_PARAMS] = { HVM, 8, 16, false, 0 },
	[REC_STATIC_DATA_END] = { PV | HVM, 0, 0, true, 0 },
	[REC_X86_CPUID_POLICY] = { PV | HVM, 24, 24, false, 0 },
	[REC_X86_MSR_POLICY] = { PV | HVM, 16, 16, false, 0 },
};

static int fail(struct verify *v, const struct stream_record *rec,
		const char *why)
{
	return stream_fail(&v->file.stream, rec->offset,
			   "record %s (%#x) of %u bytes: %s",
			   stream_rec_name(rec->type), rec->type, rec->length,
			   why);
}

static bool length_is_right(const struct rule *rule, uint32_t length)
{
	if (length < rule->min)
		return false;
	return rule->step ? (length - rule->min) % rule->step == 0 :
			    length == rule->min;
}

/* In version 2 STATIC_DATA_END is not there, but where PAGE_DATA begins. */
static bool is_there(const struct verify *v, uint8_t type)
{
	return !type || v->seen[type] ||
	       (type == REC_STATIC_DATA_END && v->file.stream.version < 3);
}

static int check_rule(struct verify *v, const struct stream_record *rec)
{
	const struct rule *rule = &rules[rec->type];
	bool pv = v->file.stream.guest_type == STREAM_GUEST_PV;

	if (!(rule->guests & (pv ? PV : HVM)))
		return fail(v, rec, pv ? "not of a PV guest" :
					 "not of an HVM or PVH guest");
	if (!length_is_right(rule, rec->length))
		return fail(v, rec, "of the wrong length");
	if (rule->once && v->seen[rec->type])
		return fail(v, rec, "the second of its type");
	if (!is_there(v, rule->after))
		return stream_fail(&v->file.stream, rec->offset,
				   "%s before %s", stream_rec_name(rec->type),
				   stream_rec_name(rule->after));
	return 0;
}

/* struct xc_sr_rec_x86_pv_info of xg_sr_stream_format.h. */
static int check_pv_info(struct verify *v, const struct stream_record *rec)
{
	struct {
		uint8_t guest_width;
		uint8_t pt_levels;
		uint8_t reserved[6];
	} info;

	if (stream_read(&v->file.stream, rec->body, &info, sizeof(info),
			"record"))
		return -1;
	v->wide = info.guest_width == 8;
	if (!(info.guest_width == 4 && info.pt_levels == 3) &&
	    !(info.guest_width == 8 && info.pt_levels == 4))
		return stream_fail(&v->file.stream, rec->offset,
				   "X86_PV_INFO of a guest with words of %u bytes and %u levels of page tables",
				   info.guest_width, info.pt_levels);
	return 0;
}

static int check_p2m_frames(struct verify *v, const struct stream_record *rec)
{
	uint32_t per_frame = XT_PAGE_SIZE / (v->wide ? 8 : 4);
	uint32_t pfn[2];
	uint64_t nr;

	if (stream_read(&v->file.stream, rec->body, pfn, sizeof(pfn),
			"record"))
		return -1;
	pfn[0] = le32toh(pfn[0]);
	pfn[1] = le32toh(pfn[1]);
	nr = pfn[1] / per_frame - pfn[0] / per_frame + UINT64_C(1);
	if (pfn[0] > pfn[1] || rec->length != 8 + 8 * nr)
		return stream_fail(&v->file.stream, rec->offset,
				   "X86_PV_P2M_FRAMES of %u bytes for pfns %#x to %#x",
				   rec->length, pfn[0], pfn[1]);
	if (pfn[1] > v->max_pfn)
		v->max_pfn = pfn[1];
	return 0;
}

static int check_hvm_params(struct verify *v, const struct stream_record *rec)
{
	uint32_t count;

	if (stream_read(&v->file.stream, rec->body, &count, sizeof(count),
			"record"))
		return -1;
	if (rec->length != 8 + UINT64_C(16) * le32toh(count))
		return stream_fail(&v->file.stream, rec->offset,
				   "HVM_PARAMS of %u bytes for %u parameters",
				   rec->length, le32toh(count));
	return 0;
}

static int check_body(struct verify *v, const struct stream_record *rec)
{
	switch (rec->type) {
	case REC_X86_PV_INFO:
		return check_pv_info(v, rec);
	case REC_X86_PV_P2M_FRAMES:
		return check_p2m_frames(v, rec);
	case REC_HVM_PARAMS:
		return check_hvm_params(v, rec);
	default:
		return 0;
	}
}

int verify_record(struct verify *v, const struct stream_record *rec)
{
	if (rec->type & REC_OPTIONAL)
		return 0;
	if (rec->type > REC_X86_MSR_POLICY)
		return fail(v, rec, "of an unknown mandatory type");
	if (!rules[rec->type].guests)
		return fail(v, rec, "not of a saved guest");
	if (check_rule(v, rec) || check_body(v, rec))
		return -1;
	v->seen[rec->type]++;
	return 0;
}

int verify_complete(struct verify *v)
{
	static const uint8_t pv[] = {
		REC_X86_PV_INFO, REC_X86_PV_P2M_FRAMES, REC_X86_PV_VCPU_BASIC
	};
	static const uint8_t hvm[] = { REC_HVM_CONTEXT };
	bool is_pv = v->file.stream.guest_type == STREAM_GUEST_PV;
	const uint8_t *needed = is_pv ? pv : hvm;
	size_t nr = is_pv ? sizeof(pv) : sizeof(hvm), i;

	for (i = 0; i < nr; i++) {
		if (!v->seen[needed[i]])
			return stream_fail(&v->file.stream, v->end,
					   "END, but no %s was there",
					   stream_rec_name(needed[i]));
	}
	return 0;
}
