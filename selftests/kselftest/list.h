/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An extent list, built by frame index. Each addition also changes the contents
 * that the domain is expected to have.
 */
#ifndef LIST_H
#define LIST_H

#include "domain.h"
#include "source_image.h"
#include "xen_thaw.h"

/* A window has the entries 8 to 511. */
#define FIRST_REF	8
#define ALL_REFS	504

/**
 * struct list - a fill
 * @dev: the device
 * @d: the domain to fill
 * @img: the image to read
 * @extents: array of @nr, with room for @room
 * @nr: number of extents
 * @room: extents that @extents has memory for
 * @frames: number of frames in all extents
 * @skipped: of them, those that the fill is expected to skip
 * @args: arguments and results of the last call
 */
struct list {
	int dev;
	struct domain *d;
	struct image *img;
	struct xen_thaw_extent *extents;
	unsigned int nr;
	unsigned int room;
	uint64_t frames;
	uint64_t skipped;
	struct xen_thaw_fill args;
};

void list_init(struct list *l, int dev, struct domain *d, struct image *img);
void list_free(struct list *l);
void list_clear(struct list *l);

/*
 * Add frames by their index, with data from an offset of the image or with zeros. The
 * frames of a PV domain are anywhere, so each run of frames gets an extent.
 */
void list_add(struct list *l, uint64_t offset, unsigned int index, unsigned int nr);
void list_add_zero(struct list *l, unsigned int index, unsigned int nr);

/* The same with XEN_THAW_EXTENT_SKIP_ZERO: where the image is zero, a frame stays. */
void list_add_skip_zero(struct list *l, uint64_t offset, unsigned int index, unsigned int nr);

/* Adds frames by their number; the expected contents do not change. */
void list_add_raw(struct list *l, uint64_t offset, uint64_t frame, unsigned int nr);

/* Fills all extents in one call. Return: 0 or the errno. */
int list_fill(struct list *l, unsigned int first_ref, unsigned int nr_refs);

/* Drops the frames that @args reports as done, so that the next fill goes on there. */
void list_skip_done(struct list *l);

/*
 * Fills with the whole window, and checks the returned numbers, the window, the
 * file's offset, and every frame of the domain. Clears the list.
 *
 * Return: true if everything is right. Prints what is wrong.
 */
bool list_fill_right(struct list *l);
bool list_fill_right_by(struct list *l, unsigned int first_ref, unsigned int nr_refs);

/* True if the entries that a fill had to clear are zero. */
bool window_is_clear(const struct domain *d, unsigned int first_ref, unsigned int nr_refs);

#endif /* LIST_H */
