/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Makes a save as xl, libxl and the stock helper do, but with our writer: the
 * headers go into a file, and the libxc stream goes into a pipe.
 */
#ifndef XEN_THAW_TEST_SAVING_H
#define XEN_THAW_TEST_SAVING_H

#include <stddef.h>
#include <stdint.h>

#include "guest.h"
#include "image.h"
#include "save_stream.h"

/**
 * struct saving - a save
 * @img: the file that stock would write
 * @libxc_end: offset of the end of the libxc stream in @img
 * @job: the last save
 * @writer: writer of @out
 * @mode: cache mode of @writer
 * @live: each page is to be in the file once
 * @stop: for the job
 * @dir: directory of @out, or NULL if that is in memory
 * @error: error of save_make_room()
 * @seed: state of saving_rnd()
 * @out: the file that is written
 */
struct saving {
	struct image img;
	size_t libxc_end;
	struct save_job job;
	struct writer writer;
	enum cache_mode mode;
	bool live;
	const volatile int *stop;
	const char *dir;
	char error[256];
	uint64_t seed;
	int out;
};

void saving_init(struct saving *t);
void saving_free(struct saving *t);

/* Returns a random number less than @below. */
uint32_t saving_rnd(struct saving *t, uint32_t below);

/* Returns a random type of page, of a PV guest or of another. */
uint32_t saving_rnd_type(struct saving *t, bool pv);

/* Makes the last page of an image zero. */
void saving_zero_last_page(struct image *img);

/* Adds a record; its last page is zero now and then. */
void saving_add_record(struct saving *t, const uint64_t *entries, uint32_t nr);

/*
 * Saves all, and restores the stream and our file of it as stock does. Returns NULL if both
 * make the same guest, the file's pages are aligned, and its zero pages are holes. @in is
 * closed, and then a file with the stream.
 */
const char *saving_compare(struct saving *t, int *in, struct guest *before,
			   struct guest *after);

/* Add what comes before the pages of a PVH guest, and what comes after them. */
void saving_begin(struct saving *t);
void saving_end(struct saving *t);

/* The same for a PV guest of 4096 pfns. */
void saving_begin_pv(struct saving *t);
void saving_end_pv(struct saving *t);

/*
 * Makes a new file with what is written before the helper runs. Returns what
 * save_make_room() returns.
 */
int saving_head(struct saving *t);

/* Saves what is before @end in the image. Returns what save_stream() returns. */
int saving_part(struct saving *t, size_t end);

/* Saves the whole stream, and adds what libxl adds. Returns NULL, or an error. */
const char *saving_all(struct saving *t);

#endif /* XEN_THAW_TEST_SAVING_H */
