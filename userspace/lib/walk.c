// SPDX-License-Identifier: GPL-2.0
#include <stdbool.h>

#include "walk.h"

/**
 * struct order - which records have come so far
 * @static_end: STATIC_DATA_END
 * @params: HVM_PARAMS
 */
struct order {
	bool static_end;
	bool params;
};

int walk_refuse(struct stream *s, const struct stream_record *rec,
		const char *why)
{
	stream_fail(s, rec->offset, "record %s (%#x) of %u bytes: %s",
		    record_name(rec->type), rec->type, rec->length, why);
	return 1;
}

static int check_place(struct stream *s, struct order *order,
		       const struct stream_record *rec)
{
	switch (record_kind(rec->type)) {
	case RECORD_PAGES:
		if (s->version >= 3 && !order->static_end)
			return stream_fail(s, rec->offset,
					   "PAGE_DATA before STATIC_DATA_END");
		/*
		 * HVM_PARAMS makes stock clear some pages; data that comes later
		 * stays, and would not if it was filled in before.
		 */
		return order->params ?
			walk_refuse(s, rec, "it comes after HVM_PARAMS") : 0;
	case RECORD_STATIC_END:
		order->static_end = true;
		return 0;
	case RECORD_PARAMS:
		order->params = true;
		return 0;
	case RECORD_END:
		return rec->length ?
			walk_refuse(s, rec, "it should have no body") : 0;
	case RECORD_LIVE:
		return walk_refuse(s, rec, "not of a saved guest");
	case RECORD_UNKNOWN:
		return walk_refuse(s, rec, "of an unknown mandatory type");
	default:
		return 0;
	}
}

int walk_records(struct stream *s, struct walk *walk,
		 int (*fn)(void *arg, const struct stream_record *rec),
		 void *arg)
{
	struct order order = { 0 };
	struct stream_record rec;
	uint64_t other_end = s->next;
	int ret;

	walk->first_after_data = s->next;
	walk->head_end = s->next;
	do {
		ret = stream_next(s, &rec);
		if (!ret)
			ret = check_place(s, &order, &rec);
		if (!ret)
			ret = fn(arg, &rec);
		if (ret)
			return ret;
		if (rec.type == REC_PAGE_DATA) {
			walk->first_after_data = s->next;
			walk->head_end = other_end;
		} else if (!(rec.type & REC_OPTIONAL)) {
			other_end = s->next;
		}
	} while (rec.type != REC_END);

	walk->end = rec.offset;
	return 0;
}
