/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A save as xl, libxl and the stock helper write it, but into our writer: their
 * headers go into a file, the libxc stream into a pipe.
 */
#ifndef XEN_THAW_TEST_SAVING_H
#define XEN_THAW_TEST_SAVING_H

#include <stddef.h>
#include <stdint.h>

#include "image.h"
#include "save_stream.h"

/**
 * struct saving - a save
 * @img: the file that stock would write
 * @libxc_end: where the libxc stream ends in it
 * @job: the last save
 * @writer: of its file
 * @mode: of @writer
 * @dir: directory of the file; NULL: it is in memory
 * @error: of making room
 * @seed: of saving_rnd()
 * @out: the file
 */
struct saving {
	struct image img;
	size_t libxc_end;
	struct save_job job;
	struct writer writer;
	enum cache_mode mode;
	const char *dir;
	char error[256];
	uint64_t seed;
	int out;
};

void saving_init(struct saving *t);
void saving_free(struct saving *t);

/* The same numbers everywhere. */
uint32_t saving_rnd(struct saving *t, uint32_t below);

/* A PVH guest's image but for its pages: what is before, what is behind them. */
void saving_begin(struct saving *t);
void saving_end(struct saving *t);

/* A new file with what is written before the helper runs; save_make_room()'s. */
int saving_head(struct saving *t);

/* Saves what is before @end in the image; save_stream()'s. */
int saving_part(struct saving *t, size_t end);

/* Saves all of it, and adds what libxl does; NULL, or what is wrong. */
const char *saving_all(struct saving *t);

#endif /* XEN_THAW_TEST_SAVING_H */
