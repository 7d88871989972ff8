/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Changes of save files that know the format: a field, a record, an entry, an
 * end that comes early. A seed gives the same change everywhere.
 */
#ifndef XEN_THAW_TEST_MUTATE_H
#define XEN_THAW_TEST_MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct mutant - a save file in memory
 * @buf: its bytes
 * @len: bytes in @buf
 * @cap: bytes that @buf has room for; it never gets longer
 * @seed: of the next change
 * @what: one line on what mutate() did
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
 * Return: whether one was made; without one the seed still moves on.
 */
bool mutate(struct mutant *m);

/**
 * mutate_random() - a number from the seed, which moves on
 * @m: the file
 * @below: not 0
 */
uint64_t mutate_random(struct mutant *m, uint64_t below);

/**
 * mutate_fix_sums() - make the checksums of lists and of the index right again
 * @m: the file
 *
 * So that what is behind them is reached. Sums of pages stay.
 */
void mutate_fix_sums(struct mutant *m);

#endif /* XEN_THAW_TEST_MUTATE_H */
