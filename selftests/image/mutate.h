/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Changes save files in ways that know the format: it changes a field, a record or
 * an entry, or truncates the file. A seed gives the same change everywhere.
 */
#ifndef XEN_THAW_TEST_MUTATE_H
#define XEN_THAW_TEST_MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct mutant - a save file in memory
 * @buf: its bytes
 * @len: number of bytes in @buf
 * @cap: number of bytes that fit into @buf; it never grows
 * @seed: seed of the next change
 * @what: one line that describes the last change of mutate()
 */
struct mutant {
	uint8_t *buf;
	size_t len;
	size_t cap;
	uint64_t seed;
	char what[160];
};

/**
 * mutate() - make one change
 * @m: the file
 *
 * Return: whether it made a change. The seed moves on even if it did not.
 */
bool mutate(struct mutant *m);

/**
 * mutate_random() - return a random number, and move the seed on
 * @m: the file
 * @below: limit that the number is less than; not 0
 */
uint64_t mutate_random(struct mutant *m, uint64_t below);

/**
 * mutate_fix_sums() - correct the checksums of lists and of the index
 * @m: the file
 *
 * Code that runs after a check of these sums is reached then. The checksums of
 * pages stay as they are.
 */
void mutate_fix_sums(struct mutant *m);

#endif /* XEN_THAW_TEST_MUTATE_H */
