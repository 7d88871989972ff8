/* SPDX-License-Identifier: GPL-2.0 */
/* Images that must be refused, and the expected errors. */
#ifndef XEN_THAW_TEST_BAD_H
#define XEN_THAW_TEST_BAD_H

#include "image.h"

/* The function that refuses the image. */
enum bad_where {
	BAD_FILE,	/* savefile_open() */
	BAD_OPEN,	/* stream_open() */
	BAD_PLAN,	/* plan_build(): it is damaged */
	BAD_STOCK,	/* plan_build(): only the stock helper can restore it */
};

/* The place from which an offset is counted. */
enum bad_from {
	FROM_FILE,
	FROM_LIBXL,
	FROM_CONTEXT,	/* the libxl record before the libxc stream */
	FROM_LIBXC,
	FROM_STATIC_END,
	FROM_PAGES,
	FROM_TAIL,
	FROM_END,
	TRUNCATED,	/* nothing is overwritten, but END is missing */
};

/**
 * struct bad - a good image with one 32-bit word overwritten
 * @name: name of the case
 * @where: the function that refuses it
 * @from: the place from which @offset is counted
 * @offset: offset of the word
 * @value: new value of the word
 * @error: text that the error must contain
 */
struct bad {
	const char *name;
	enum bad_where where;
	enum bad_from from;
	unsigned int offset;
	uint32_t value;
	const char *error;
};

/* All bad images. The last entry has no name. */
extern const struct bad bad_images[];

/* Writes a whole save file with the fault of @bad. */
void bad_image(struct image *img, const struct bad *bad);

#endif /* XEN_THAW_TEST_BAD_H */
