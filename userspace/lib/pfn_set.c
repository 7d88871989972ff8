// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "pfn_set.h"

/* Chunks of a small guest: 512 MiB. */
#define MIN_CAP		512U

/* Where the key is, or would be put. There is always an unused chunk. */
static struct pfn_chunk *find(const struct pfn_set *set, uint64_t key)
{
	/* 16 neighbours stay neighbours. */
	size_t i = (size_t)(((key >> 4) * set->factor >> 32) + key);

	for (;; i++) {
		struct pfn_chunk *c = &set->v[i & (set->cap - 1)];

		if (!c->key || c->key == key)
			return c;
	}
}

static int make_room(struct pfn_set *set)
{
	struct pfn_set old = *set;
	size_t i;

	if (set->nr < set->cap / 2)
		return 0;
	if (!set->factor) {
		/* A stream that knew it could put all its pfns into one place. */
		if (getrandom(&set->factor, sizeof(set->factor), 0) < 0)
			return -1;
		set->factor |= 1;
	}
	set->cap = old.cap ? old.cap * 2 : MIN_CAP;
	set->v = calloc(set->cap, sizeof(*set->v));
	if (!set->v) {
		*set = old;
		return -1;
	}
	for (i = 0; i < old.cap; i++)
		if (old.v[i].key)
			*find(set, old.v[i].key) = old.v[i];
	free(old.v);
	return 0;
}

static bool has(const struct pfn_chunk *c, unsigned int i)
{
	return c->bits[i / 64] >> i % 64 & 1;
}

/* The part of a run that lies in the chunk of its first pfn. */
static uint32_t part(uint64_t pfn, uint32_t nr)
{
	uint32_t left = PFN_CHUNK - (uint32_t)(pfn % PFN_CHUNK);

	return nr < left ? nr : left;
}

uint32_t pfn_set_same(const struct pfn_set *set, uint64_t pfn, uint32_t nr,
		      bool *in)
{
	unsigned int i = (unsigned int)(pfn % PFN_CHUNK);
	const struct pfn_chunk *c;
	uint32_t n = 1;

	*in = false;
	nr = part(pfn, nr);
	if (!set->cap)
		return nr;
	c = find(set, pfn / PFN_CHUNK + 1);
	if (!c->key)
		return nr;
	*in = has(c, i);
	while (n < nr && has(c, i + n) == *in)
		n++;
	return n;
}

int pfn_set_add(struct pfn_set *set, uint64_t pfn, uint32_t nr)
{
	uint32_t n, i;

	for (; nr; nr -= n, pfn += n) {
		struct pfn_chunk *c;

		if (make_room(set))
			return -1;
		c = find(set, pfn / PFN_CHUNK + 1);
		if (!c->key)
			set->nr++;
		c->key = pfn / PFN_CHUNK + 1;
		n = part(pfn, nr);
		for (i = (uint32_t)(pfn % PFN_CHUNK); i < pfn % PFN_CHUNK + n; i++)
			c->bits[i / 64] |= UINT64_C(1) << i % 64;
	}
	return 0;
}

void pfn_set_free(struct pfn_set *set)
{
	free(set->v);
	memset(set, 0, sizeof(*set));
}
