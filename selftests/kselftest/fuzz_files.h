/* SPDX-License-Identifier: GPL-2.0 */
/* Descriptors of every kind; some of them change while they are used. */
#ifndef FUZZ_FILES_H
#define FUZZ_FILES_H

#include <stdint.h>

#define FUZZ_FILES	32
#define FUZZ_SLOTS	6

/**
 * struct fuzz_files - descriptors
 * @fds: array of @nr descriptors
 * @nr: number of descriptors
 * @borrowed: number of descriptors at the start of @fds that are not closed
 */
struct fuzz_files {
	int fds[FUZZ_FILES];
	unsigned int nr;
	unsigned int borrowed;
};

/* Opens all kinds that this kernel has. Return: 0 or -1. Call fuzz_files_close(). */
int fuzz_files_open(struct fuzz_files *files, int dev, int image);
void fuzz_files_close(struct fuzz_files *files);

/* Returns a descriptor, or a number that is open only at times. */
int fuzz_file(const struct fuzz_files *files, uint64_t random);

/* Closes such a number, or opens another file with it. */
void fuzz_files_change(const struct fuzz_files *files, uint64_t random);

#endif /* FUZZ_FILES_H */
