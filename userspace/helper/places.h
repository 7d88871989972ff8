/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where in a file the contents of pfns are. Pfns that lie one after the other there
 * share an entry, so that a guest takes less than two bytes a page.
 */
#ifndef XEN_THAW_PLACES_H
#define XEN_THAW_PLACES_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct place_run - pfns of a group of 64, whose contents lie one after the other
 * @key: the number of the group, plus 1; 0: unused
 * @offset: of the contents of the lowest of them
 * @bits: a bit for each
 */
struct place_run {
	uint64_t key;
	uint64_t offset;
	uint64_t bits;
};

/**
 * struct places - a hash of runs
 * @v: the runs; several may have the same key
 * @nr: runs in use
 * @cap: members of @v, a power of two
 * @factor: of the hash, random
 * @last: the run that is being added to, not in @v yet
 *
 * All zero: no pfns.
 */
struct places {
	struct place_run *v;
	size_t nr;
	size_t cap;
	uint64_t factor;
	struct place_run last;
};

/**
 * places_find() - where the contents of a pfn are
 * @p: the places
 * @pfn: the pfn
 *
 * Return: the offset, or 0 if the pfn was not added.
 */
uint64_t places_find(const struct places *p, uint64_t pfn);

/**
 * places_add() - add a pfn
 * @p: the places
 * @pfn: was not added before
 * @offset: of its contents, a multiple of the size of a page, not 0
 *
 * Return: 0, or -1 without memory.
 */
int places_add(struct places *p, uint64_t pfn, uint64_t offset);

/**
 * places_free() - forget all
 * @p: the places
 */
void places_free(struct places *p);

#endif /* XEN_THAW_PLACES_H */
