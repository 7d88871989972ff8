// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <string.h>

#include "layout.h"
#include "stream.h"

uint32_t get32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return le32toh(value);
}

uint64_t get64(const uint8_t *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return le64toh(value);
}

void put32(uint8_t *p, uint32_t value)
{
	value = htole32(value);
	memcpy(p, &value, sizeof(value));
}

void put64(uint8_t *p, uint64_t value)
{
	value = htole64(value);
	memcpy(p, &value, sizeof(value));
}

uint32_t record_entries(const struct record *rec, const uint8_t *buf)
{
	size_t room = rec->end - rec->offset;
	uint32_t count;

	if (room < 16)
		return 0;
	count = get32(buf + rec->offset + RECORD_HEADER);
	room = (room - 16) / 8;
	return count < room ? count : (uint32_t)room;
}

void records_find(struct records *r, const uint8_t *buf, size_t len)
{
	static const char start[] = "\xff\xff\xff\xff\xff\xff\xff\xffXENF";
	const uint8_t *libxc = memmem(buf, len, start, sizeof(start) - 1);
	const size_t most = sizeof(r->v) / sizeof(r->v[0]);
	struct record *rec;
	size_t at;

	r->nr = 0;
	if (!libxc)
		return;
	r->libxc = (size_t)(libxc - buf);

	for (at = r->libxc + LIBXC_HEADERS;
	     r->nr < most && at <= len && len - at >= RECORD_HEADER;
	     at = rec->end) {
		rec = &r->v[r->nr++];
		rec->offset = at;
		rec->type = get32(buf + at);
		rec->length = get32(buf + at + 4);
		rec->end = at + RECORD_HEADER + ((rec->length + 7UL) & ~7UL);
		if (rec->end > len)
			rec->end = len;
		if (rec->type == REC_END)
			break;
	}
}
