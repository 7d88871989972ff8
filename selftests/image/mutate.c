// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "mutate.h"
#include "layout.h"
#include "stream.h"

#define LIST		16U	/* offset of the list of a PAGE_DATA */
#define PFN_MASK	((UINT64_C(1) << 52) - 1)
#define TYPE_SHIFT	60

/* The records of the file that is changed. */
static struct records records;

/* xorshift64*, so that a seed gives the same numbers everywhere. */
uint64_t mutate_random(struct mutant *m, uint64_t below)
{
	if (!m->seed)
		m->seed = 88172645463325252;
	m->seed ^= m->seed >> 12;
	m->seed ^= m->seed << 25;
	m->seed ^= m->seed >> 27;
	return (m->seed * UINT64_C(2685821657736338717) >> 11) % below;
}

/* Replaces @old bytes by @new ones, which the caller sets. */
static bool resize(struct mutant *m, size_t at, size_t old, size_t new)
{
	if (at + old > m->len || m->len - old + new > m->cap)
		return false;
	memmove(m->buf + at + new, m->buf + at + old, m->len - at - old);
	m->len = m->len - old + new;
	return true;
}

static uint32_t new_number(struct mutant *m, uint32_t old)
{
	static const uint32_t edge_cases[] = {
		0, 1, 2, 7, 8, 16, 511, 512, 1023, 1024, 1025, 4095, 4096,
		0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff8, 0x08000000,
		0x08000001
	};

	switch (mutate_random(m, 4)) {
	case 0:
		return edge_cases[mutate_random(m, sizeof(edge_cases) / sizeof(edge_cases[0]))];
	case 1:
		return old ^ 1U << mutate_random(m, 32);
	case 2:
		return old + 1 + (uint32_t)mutate_random(m, 16);
	default:
		return old - 1 - (uint32_t)mutate_random(m, 16);
	}
}

static uint32_t new_type(struct mutant *m)
{
	static const uint32_t optional[] = {
		REC_THAW_PADDING, REC_THAW_INDEX, REC_THAW_PAGE_SUMS,
		REC_THAW_PAGE_SUMS + 1, REC_OPTIONAL, REC_OPTIONAL | 1, 0x13
	};
	uint64_t n = mutate_random(m, REC_X86_MSR_POLICY + 1 + 7);

	return n <= REC_X86_MSR_POLICY ? (uint32_t)n :
		optional[n - REC_X86_MSR_POLICY - 1];
}

/*
 * Is this a PAGE_DATA without data? A PVH guest's file has a thousand of them, for
 * pfns without memory, so most random choices would hit one.
 */
static bool is_without_data(const struct mutant *m, const struct record *rec)
{
	return rec->type == REC_PAGE_DATA &&
	       rec->length == LIST - RECORD_HEADER +
			      8UL * record_entries(rec, m->buf);
}

static struct record *any_record(struct mutant *m)
{
	unsigned int tries = mutate_random(m, 8) ? 200 : 1;
	struct record *rec;

	do {
		rec = &records.v[mutate_random(m, records.nr)];
	} while (--tries && is_without_data(m, rec));
	return rec;
}

/* Returns a random PAGE_DATA. NULL if there is none, or eight tries miss it. */
static struct record *any_pages(struct mutant *m)
{
	struct record *rec;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		rec = any_record(m);
		if (rec->type == REC_PAGE_DATA && record_entries(rec, m->buf))
			return rec;
	}
	return NULL;
}

static bool change_word(struct mutant *m, size_t from, size_t to)
{
	size_t at;
	uint32_t old;

	if (to > m->len || to < from + 4)
		return false;
	at = from + mutate_random(m, (to - from) / 4) * 4;
	old = get32(m->buf + at);
	put32(m->buf + at, new_number(m, old));
	snprintf(m->what, sizeof(m->what), "word at %zu: %#x is %#x now", at,
		 old, get32(m->buf + at));
	return get32(m->buf + at) != old;
}

static bool change_head(struct mutant *m)
{
	return change_word(m, 0, records.libxc + LIBXC_HEADERS);
}

static bool change_tail(struct mutant *m)
{
	return change_word(m, records.v[records.nr - 1].offset, m->len);
}

static bool change_type(struct mutant *m)
{
	struct record *rec = any_record(m);

	put32(m->buf + rec->offset, new_type(m));
	snprintf(m->what, sizeof(m->what), "record at %zu: type %#x is %#x now",
		 rec->offset, rec->type, get32(m->buf + rec->offset));
	return get32(m->buf + rec->offset) != rec->type;
}

static bool change_length(struct mutant *m)
{
	struct record *rec = any_record(m);

	put32(m->buf + rec->offset + 4, new_number(m, rec->length));
	snprintf(m->what, sizeof(m->what),
		 "record %s at %zu: length %u is %u now",
		 record_name(rec->type), rec->offset, rec->length,
		 get32(m->buf + rec->offset + 4));
	return get32(m->buf + rec->offset + 4) != rec->length;
}

static bool change_body(struct mutant *m)
{
	struct record *rec = any_record(m);
	size_t end = rec->end;

	/* A PAGE_DATA is changed in its list, not in its pages. */
	if (rec->type == REC_PAGE_DATA)
		end = rec->offset + LIST + 8UL * record_entries(rec, m->buf);
	if (end < rec->offset + RECORD_HEADER)
		return false;
	return change_word(m, rec->offset + RECORD_HEADER, end);
}

static bool change_count(struct mutant *m)
{
	struct record *rec = any_pages(m);

	return rec && change_word(m, rec->offset + RECORD_HEADER,
				  rec->offset + RECORD_HEADER + 4);
}

/* Returns a random entry of a random record, or NULL if there is none. */
static uint8_t *any_entry(struct mutant *m, struct record **rec, uint32_t *i)
{
	*rec = any_pages(m);
	if (!*rec)
		return NULL;
	*i = (uint32_t)mutate_random(m, record_entries(*rec, m->buf));
	return m->buf + (*rec)->offset + LIST + 8UL * *i;
}

static void say_entry(struct mutant *m, const struct record *rec, uint32_t i,
		      uint64_t old, uint64_t new)
{
	snprintf(m->what, sizeof(m->what),
		 "PAGE_DATA at %zu, entry %u: %#" PRIx64 " is %#" PRIx64 " now",
		 rec->offset, i, old, new);
}

static bool change_pfn(struct mutant *m)
{
	struct record *rec, *other;
	uint64_t old, pfn;
	uint8_t *entry, *from;
	uint32_t i, j;

	entry = any_entry(m, &rec, &i);
	from = any_entry(m, &other, &j);
	if (!entry || !from)
		return false;
	old = get64(entry);

	switch (mutate_random(m, 4)) {
	case 0:
		pfn = get64(from);
		break;
	case 1:
		pfn = old + mutate_random(m, 1024);
		break;
	case 2:
		pfn = UINT64_C(1) << mutate_random(m, 52);
		break;
	default:
		pfn = PFN_MASK - mutate_random(m, 2);
		break;
	}
	put64(entry, (old & ~PFN_MASK) | (pfn & PFN_MASK));
	say_entry(m, rec, i, old, get64(entry));
	return get64(entry) != old;
}

/* Changes type bits and reserved bits. The length of the record stays. */
static bool change_entry_bits(struct mutant *m)
{
	struct record *rec;
	uint8_t *entry;
	uint64_t old;
	uint32_t i;

	entry = any_entry(m, &rec, &i);
	if (!entry)
		return false;
	old = get64(entry);
	put64(entry, old ^ (mutate_random(m, (1UL << 12) - 1) + 1) << 52);
	say_entry(m, rec, i, old, get64(entry));
	return true;
}

static bool has_data(uint64_t entry)
{
	return entry >> TYPE_SHIFT < PFN_BROKEN;
}

/* Returns the offset of the data of entry i. Without data, that of the next data. */
static size_t data_offset(const struct mutant *m, const struct record *rec,
			  uint32_t i)
{
	const uint8_t *list = m->buf + rec->offset + LIST;
	size_t at = rec->offset + LIST + 8UL * record_entries(rec, m->buf);

	while (i--)
		if (has_data(get64(list + 8UL * i)))
			at += XT_PAGE_SIZE;
	return at;
}

/* Another type of an entry; data comes or goes with it. */
static bool retype(struct mutant *m)
{
	uint64_t old, type = mutate_random(m, 16);
	size_t at, old_size, new_size;
	struct record *rec;
	uint8_t *entry;
	uint32_t i;

	entry = any_entry(m, &rec, &i);
	if (!entry)
		return false;
	old = get64(entry);
	at = data_offset(m, rec, i);
	old_size = has_data(old) ? XT_PAGE_SIZE : 0;
	new_size = type < PFN_BROKEN ? XT_PAGE_SIZE : 0;
	if (old >> TYPE_SHIFT == type || !resize(m, at, old_size, new_size))
		return false;
	if (new_size > old_size)
		memset(m->buf + at, (int)type + 1, new_size);
	put64(entry, (old & PFN_MASK) | type << TYPE_SHIFT);
	put32(m->buf + rec->offset + 4,
	      (uint32_t)(rec->length - old_size + new_size));
	say_entry(m, rec, i, old, get64(entry));
	return true;
}

/* Adds an entry of another record to the end of this one. */
static bool repeat_entry(struct mutant *m)
{
	struct record *rec, *other;
	size_t size, list_end;
	uint64_t value;
	uint8_t *from;
	uint32_t i, count;

	from = any_entry(m, &other, &i);
	rec = any_pages(m);
	if (!from || !rec)
		return false;
	value = get64(from);
	size = has_data(value) ? XT_PAGE_SIZE : 0;
	count = record_entries(rec, m->buf);
	list_end = rec->offset + LIST + 8UL * count;
	if (m->len + 8 + size > m->cap || !resize(m, rec->end, 0, size))
		return false;
	memset(m->buf + rec->end, 0xa5, size);
	resize(m, list_end, 0, 8);
	put64(m->buf + list_end, value);
	put32(m->buf + rec->offset + RECORD_HEADER, count + 1);
	put32(m->buf + rec->offset + 4, (uint32_t)(rec->length + 8 + size));
	snprintf(m->what, sizeof(m->what),
		 "PAGE_DATA at %zu: entry %#" PRIx64 " once more at its end",
		 rec->offset, value);
	return true;
}

static bool change_page(struct mutant *m)
{
	struct record *rec;
	uint8_t *entry;
	uint32_t i;
	size_t at;

	entry = any_entry(m, &rec, &i);
	if (!entry)
		return false;
	at = data_offset(m, rec, i);
	if (!has_data(get64(entry)) || at + XT_PAGE_SIZE > m->len)
		return false;
	memset(m->buf + at, m->buf[at] ? 0 : 0x5a, XT_PAGE_SIZE);
	snprintf(m->what, sizeof(m->what), "page at %zu: all %#x now", at,
		 m->buf[at]);
	return true;
}

static bool duplicate_record(struct mutant *m)
{
	struct record *rec = any_record(m), *before = any_record(m);
	size_t size = rec->end - rec->offset, from = rec->offset;

	if (!resize(m, before->offset, 0, size))
		return false;
	if (from >= before->offset)
		from += size;
	memmove(m->buf + before->offset, m->buf + from, size);
	snprintf(m->what, sizeof(m->what),
		 "record %s at %zu once more at %zu",
		 record_name(rec->type), rec->offset, before->offset);
	return true;
}

static bool remove_record(struct mutant *m)
{
	struct record *rec = any_record(m);

	if (!resize(m, rec->offset, rec->end - rec->offset, 0))
		return false;
	snprintf(m->what, sizeof(m->what), "record %s at %zu removed",
		 record_name(rec->type), rec->offset);
	return true;
}

/* Three reversals swap two neighbours: of both together, and then of each. */
static void reverse(uint8_t *p, size_t len)
{
	uint8_t *q = p + len, c;

	while (p < q) {
		c = *p;
		*p++ = *--q;
		*q = c;
	}
}

static bool swap_records(struct mutant *m)
{
	struct record *rec = any_record(m), *next = rec + 1;

	if (next >= records.v + records.nr)
		return false;
	reverse(m->buf + rec->offset, next->end - rec->offset);
	reverse(m->buf + rec->offset, next->end - next->offset);
	reverse(m->buf + rec->offset + (next->end - next->offset),
		rec->end - rec->offset);
	snprintf(m->what, sizeof(m->what), "records %s and %s at %zu swapped",
		 record_name(rec->type), record_name(next->type),
		 rec->offset);
	return true;
}

static bool insert_record(struct mutant *m)
{
	struct record *before = any_record(m);
	uint32_t length = (uint32_t)mutate_random(m, 64);
	uint32_t type = new_type(m);
	size_t size = RECORD_HEADER + ((length + 7) & ~7U);

	if (!resize(m, before->offset, 0, size))
		return false;
	memset(m->buf + before->offset, 0, size);
	put32(m->buf + before->offset, type);
	put32(m->buf + before->offset + 4, length);
	snprintf(m->what, sizeof(m->what), "new record %s (%#x) of %u bytes at %zu",
		 record_name(type), type, length, before->offset);
	return true;
}

static bool truncate_file(struct mutant *m)
{
	struct record *rec = any_record(m);
	size_t at = rec->offset;

	if (mutate_random(m, 2))
		at += mutate_random(m, rec->end - rec->offset + 1);
	m->len = at;
	snprintf(m->what, sizeof(m->what), "truncated at %zu", at);
	return true;
}

static bool (* const changes[])(struct mutant *) = {
	change_head, change_tail, change_type, change_length, change_body,
	change_body, change_count, change_pfn, change_pfn, change_entry_bits,
	retype, retype, repeat_entry, repeat_entry, change_page,
	duplicate_record, remove_record, swap_records, insert_record, truncate_file,
};

bool mutate(struct mutant *m)
{
	const size_t nr = sizeof(changes) / sizeof(changes[0]);

	m->what[0] = '\0';
	records_find(&records, m->buf, m->len);
	if (!records.nr)
		return false;
	return changes[mutate_random(m, nr)](m);
}

static void fix_index(struct mutant *m, const struct record *rec)
{
	size_t size = RECORD_HEADER + rec->length;

	if (rec->offset + size > m->len || rec->length < 16)
		return;
	put32(m->buf + rec->offset + 20, 0);
	put32(m->buf + rec->offset + 20,
	      thaw_sum(0, m->buf + rec->offset, size));
}

static void fix_sums(struct mutant *m, const struct record *rec,
		     const struct record *pages)
{
	size_t end = pages->offset + LIST;

	if (rec->length < 8 || pages->type != REC_PAGE_DATA || end > m->len)
		return;
	end += 8UL * record_entries(pages, m->buf);
	put32(m->buf + rec->offset + RECORD_HEADER, 0);
	put32(m->buf + rec->offset + RECORD_HEADER,
	      thaw_sum(0, m->buf + rec->offset, end - rec->offset));
}

void mutate_fix_sums(struct mutant *m)
{
	const struct record *rec;
	size_t i;

	records_find(&records, m->buf, m->len);
	for (i = 0; i < records.nr; i++) {
		rec = &records.v[i];
		if (rec->type == REC_THAW_INDEX)
			fix_index(m, rec);
		else if (rec->type == REC_THAW_PAGE_SUMS && i + 1 < records.nr)
			fix_sums(m, rec, rec + 1);
	}
}
