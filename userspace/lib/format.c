// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <string.h>

#include <isa-l/crc.h>

#include "format.h"
#include "stream.h"

/* Bytes that the library takes in one call: an int. */
#define SUM_AT_ONCE	(1U << 30)

uint32_t thaw_sum(uint32_t sum, const void *buf, size_t size)
{
	/* The library does not write there. */
	unsigned char *from = (unsigned char *)buf;
	size_t part;

	for (; size; size -= part, from += part) {
		part = size < SUM_AT_ONCE ? size : SUM_AT_ONCE;
		sum = ~crc32_iscsi(from, (int)part, ~sum);
	}
	return sum;
}

uint32_t thaw_zero_page_sum(void)
{
	static const uint8_t zero[XT_PAGE_SIZE];
	static uint32_t sum;

	if (!sum)
		sum = thaw_sum(0, zero, sizeof(zero));
	return sum;
}

void thaw_seal_index(struct thaw_index_record *r)
{
	r->type = htole32(REC_THAW_INDEX);
	r->length = htole32(sizeof(r->index));
	memcpy(r->index.magic, THAW_INDEX_MAGIC, sizeof(r->index.magic));
	r->index.version = htole32(THAW_INDEX_VERSION);
	r->index.sum = 0;
	r->index.sum = htole32(thaw_sum(0, r, sizeof(*r)));
}
