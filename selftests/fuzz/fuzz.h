/* SPDX-License-Identifier: GPL-2.0 */
/* What the fuzzers share: the file they read, and what they say when it is not so. */
#ifndef XEN_THAW_FUZZ_H
#define XEN_THAW_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "plan.h"
#include "stream.h"

#define CHECK(condition, ...) do {					\
	if (!(condition)) {						\
		fprintf(stderr, "%s:%d: not so: %s: ", __FILE__, __LINE__, \
			#condition);					\
		fprintf(stderr, "" __VA_ARGS__);			\
		fprintf(stderr, "\n");					\
		abort();						\
	}								\
} while (0)

/* One input, called by libFuzzer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * A file of these bytes, whose pages of zeros are holes; its offset is 0. The
 * next call of the same @which overwrites it.
 */
int fuzz_file(unsigned int which, const uint8_t *data, size_t size);

/* An error is one line, and is there. */
void fuzz_check_error(const char *error);

/**
 * fuzz_check_plan() - compare a plan with what the entries say, one by one
 * @p: the plan
 * @s: an open stream, at its first record
 * @data: the file
 * @size: of @data
 */
void fuzz_check_plan(const struct plan *p, struct stream *s,
		     const uint8_t *data, size_t size);

/* The n-th page of a plan: all of them are there once. */
struct fuzz_page {
	uint64_t gfn;
	uint64_t offset;
	uint64_t key;
	bool zero;
};

/* All pages that a plan fills, by gfn; for free(). @nr: how many. */
struct fuzz_page *fuzz_pages(const struct plan *p, size_t *nr);

#endif /* XEN_THAW_FUZZ_H */
