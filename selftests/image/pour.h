/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A model of a restore from a stream that is read once, and one of a restore by plan:
 * both give the same pages, or one of them is wrong.
 */
#ifndef XEN_THAW_TEST_POUR_H
#define XEN_THAW_TEST_POUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan.h"

/**
 * struct poured_page - a page of a restored guest
 * @gfn: where
 * @sum: checksum of its contents
 */
struct poured_page {
	uint64_t gfn;
	uint32_t sum;
};

/**
 * struct poured - a restored guest
 * @page: sorted by gfn
 * @nr: members of @page
 * @superpages: aligned 2 MiB that were populated at once
 * @pieces: pieces that there were
 * @left: offset of the file, behind what was read
 * @error: of the stream, or what the model found wrong
 * @wrong: the model found something wrong
 */
struct poured {
	struct poured_page *page;
	size_t nr;
	size_t superpages;
	unsigned int pieces;
	uint64_t left;
	char error[256];
	bool wrong;
};

/**
 * pour() - restore the libxc stream at a file's offset, as from a pipe
 * @p: filled in; the caller frees @p->page
 * @fd: the file
 *
 * Return: as walk_records().
 */
int pour(struct poured *p, int fd);

/**
 * poured_plan() - the same by a plan
 * @p: filled in; the caller frees @p->page
 * @plan: whole
 * @fd: the file
 */
void poured_plan(struct poured *p, const struct plan *plan, int fd);

/**
 * poured_differs() - compare two guests
 * @a: one
 * @b: the other
 *
 * Return: the first difference, one line; or NULL.
 */
const char *poured_differs(const struct poured *a, const struct poured *b);

#endif /* XEN_THAW_TEST_POUR_H */
