// SPDX-License-Identifier: GPL-2.0
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "places.h"
#include "stream.h"

#define GROUP		64U

/* Runs of a small guest without gaps: 64 MiB. */
#define MIN_CAP		512U

static uint64_t bit(uint64_t pfn)
{
	return UINT64_C(1) << pfn % GROUP;
}

/* Where the runs of a key begin. Those that are no neighbours are spread. */
static size_t start(const struct places *p, uint64_t key)
{
	return (size_t)(((key >> 4) * p->factor >> 32) + key);
}

static void put(struct places *p, const struct place_run *run)
{
	size_t i = start(p, run->key);

	while (p->v[i & (p->cap - 1)].key)
		i++;
	p->v[i & (p->cap - 1)] = *run;
}

static int grow(struct places *p)
{
	struct places old = *p;
	size_t i;

	if (!p->factor) {
		/* A guest that knew it could put all its pfns into one place. */
		if (getrandom(&p->factor, sizeof(p->factor), 0) < 0)
			return -1;
		p->factor |= 1;
	}
	p->cap = old.cap ? old.cap * 2 : MIN_CAP;
	p->v = calloc(p->cap, sizeof(*p->v));
	if (!p->v) {
		*p = old;
		return -1;
	}
	for (i = 0; i < old.cap; i++)
		if (old.v[i].key)
			put(p, &old.v[i]);
	free(old.v);
	return 0;
}

static uint64_t offset_in(const struct place_run *run, uint64_t pfn)
{
	uint64_t below = run->bits & (bit(pfn) - 1);

	return run->offset + (uint64_t)__builtin_popcountll(below) * XT_PAGE_SIZE;
}

uint64_t places_find(const struct places *p, uint64_t pfn)
{
	const uint64_t key = pfn / GROUP + 1;
	const struct place_run *run;
	size_t i;

	if (p->last.key == key && p->last.bits & bit(pfn))
		return offset_in(&p->last, pfn);
	if (!p->cap)
		return 0;
	for (i = start(p, key);; i++) {
		run = &p->v[i & (p->cap - 1)];
		if (!run->key)
			return 0;
		if (run->key == key && run->bits & bit(pfn))
			return offset_in(run, pfn);
	}
}

/* Whether a page continues the last run: the next place, and a higher pfn of the group. */
static bool continues(const struct place_run *last, uint64_t pfn, uint64_t offset)
{
	return last->key == pfn / GROUP + 1 && last->bits < bit(pfn) &&
	       offset_in(last, pfn) == offset;
}

int places_add(struct places *p, uint64_t pfn, uint64_t offset)
{
	if (continues(&p->last, pfn, offset)) {
		p->last.bits |= bit(pfn);
		return 0;
	}
	if (p->last.key) {
		if (p->nr >= p->cap / 2 && grow(p))
			return -1;
		put(p, &p->last);
		p->nr++;
	}
	p->last.key = pfn / GROUP + 1;
	p->last.offset = offset;
	p->last.bits = bit(pfn);
	return 0;
}

void places_free(struct places *p)
{
	free(p->v);
	memset(p, 0, sizeof(*p));
}
