/* SPDX-License-Identifier: GPL-2.0 */
/* What the fuzzers share: the file they read, and the check that stops them. */
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
		fprintf(stderr, "%s:%d: check failed: %s: ", __FILE__, __LINE__, \
			#condition);					\
		fprintf(stderr, "" __VA_ARGS__);			\
		fprintf(stderr, "\n");					\
		abort();						\
	}								\
} while (0)

/* libFuzzer calls this for each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Returns a file of these bytes, with offset 0. Its pages of zeros are holes. The
 * next call with the same @which overwrites it.
 */
int fuzz_file(unsigned int which, const uint8_t *data, size_t size);

/* Checks that the error is one line and not empty. */
void fuzz_check_error(const char *error);

/**
 * fuzz_check_plan() - compare a plan with the entries of the file, one by one
 * @p: the plan
 * @s: an open stream, at its first record
 * @data: the file
 * @size: of @data
 */
void fuzz_check_plan(const struct plan *p, struct stream *s,
		     const uint8_t *data, size_t size);

/* A page that is filled. @key is its place in the order of the plan or the file. */
struct fuzz_page {
	uint64_t gfn;
	uint64_t offset;
	uint64_t key;
	bool zero;
};

/* Returns all @nr pages that a plan fills, sorted by gfn. The caller frees them. */
struct fuzz_page *fuzz_pages(const struct plan *p, size_t *nr);

#endif /* XEN_THAW_FUZZ_H */
