// SPDX-License-Identifier: GPL-2.0
/* Which records a stream has, in which order, and how long they are. */
#include <endian.h>
#include <inttypes.h>

#include "verify_parts.h"

static int fail(struct verify *v, const struct stream_record *rec,
		const char *why)
{
	return stream_fail(&v->file.stream, rec->offset,
			   "record %s (%#x) of %u bytes: %s",
			   record_name(rec->type), rec->type, rec->length,
			   why);
}

static bool length_is_right(const struct record_rule *rule, uint32_t length)
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
	const struct record_rule *rule = record_rule(rec->type);
	bool pv = v->file.stream.guest_type == STREAM_GUEST_PV;

	if (!(rule->guests & (pv ? RECORD_OF_PV : RECORD_OF_HVM)))
		return fail(v, rec, pv ? "not of a PV guest" :
					 "not of an HVM or PVH guest");
	if (!length_is_right(rule, rec->length))
		return fail(v, rec, "of the wrong length");
	if (rule->once && v->seen[rec->type])
		return fail(v, rec, "the second of its type");
	if (!is_there(v, rule->after))
		return stream_fail(&v->file.stream, rec->offset,
				   "%s before %s", record_name(rec->type),
				   record_name(rule->after));
	return 0;
}

static int check_pv_info(struct verify *v, const struct stream_record *rec)
{
	struct record_pv_info info;

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
	struct record_p2m_frames h;
	uint32_t start, end;
	uint64_t nr;

	if (stream_read(&v->file.stream, rec->body, &h, sizeof(h), "record"))
		return -1;
	start = le32toh(h.start_pfn);
	end = le32toh(h.end_pfn);
	nr = end / per_frame - start / per_frame + UINT64_C(1);
	if (start > end || rec->length != sizeof(h) + 8 * nr)
		return stream_fail(&v->file.stream, rec->offset,
				   "X86_PV_P2M_FRAMES of %u bytes for pfns %#x to %#x",
				   rec->length, start, end);
	if (end > v->max_pfn)
		v->max_pfn = end;
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
	const struct record_rule *rule = record_rule(rec->type);

	if (rec->type & REC_OPTIONAL)
		return 0;
	if (!rule)
		return fail(v, rec, "of an unknown mandatory type");
	if (!rule->guests)
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
					   record_name(needed[i]));
	}
	return 0;
}
