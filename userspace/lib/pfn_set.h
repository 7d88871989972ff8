/* SPDX-License-Identifier: GPL-2.0 */
/* A set of pfns that grows in any order: a hash of bitmaps of 512 pfns each. */
#ifndef XEN_THAW_PFN_SET_H
#define XEN_THAW_PFN_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pfns of one bitmap: those of 2 MiB. */
#define PFN_CHUNK	512U

/**
 * struct pfn_chunk - 512 pfns, the first at a multiple of 512
 * @key: the first pfn divided by 512, plus 1; 0: unused
 * @bits: a bit for each
 */
struct pfn_chunk {
	uint64_t key;
	uint64_t bits[PFN_CHUNK / 64];
};

/**
 * struct pfn_set - the set
 * @v: the chunks, in the order of their hashes
 * @nr: chunks in use
 * @cap: members of @v, a power of two
 * @factor: of the hash, random
 *
 * All zero: an empty set.
 */
struct pfn_set {
	struct pfn_chunk *v;
	size_t nr;
	size_t cap;
	uint64_t factor;
};

/**
 * pfn_set_same() - how far the pfns of a run are all in the set, or all not
 * @set: the set
 * @pfn: the first
 * @nr: pfns, at least 1
 * @in: out: which of the two
 *
 * Return: pfns from @pfn on; more may follow that are alike.
 */
uint32_t pfn_set_same(const struct pfn_set *set, uint64_t pfn, uint32_t nr,
		      bool *in);

/**
 * pfn_set_add() - add pfns
 * @set: the set
 * @pfn: the first
 * @nr: pfns
 *
 * Return: 0, or -1 without memory.
 */
int pfn_set_add(struct pfn_set *set, uint64_t pfn, uint32_t nr);

/**
 * pfn_set_free() - make the set empty
 * @set: the set
 */
void pfn_set_free(struct pfn_set *set);

#endif /* XEN_THAW_PFN_SET_H */
