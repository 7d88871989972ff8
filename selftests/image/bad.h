/* SPDX-License-Identifier: GPL-2.0 */
/* Images that are to be refused, and with what words. */
#ifndef XEN_THAW_TEST_BAD_H
#define XEN_THAW_TEST_BAD_H

#include "image.h"

/* Who refuses. */
enum bad_where {
	BAD_FILE,	/* savefile_open() */
	BAD_OPEN,	/* stream_open() */
	BAD_PLAN,	/* plan_build(): damaged */
	BAD_STOCK,	/* plan_build(): for the stock helper */
};

/* What an offset is counted from. */
enum bad_from {
	FROM_FILE,
	FROM_LIBXL,
	FROM_CONTEXT,	/* the libxl record before the libxc stream */
	FROM_LIBXC,
	FROM_STATIC_END,
	FROM_PAGES,
	FROM_TAIL,
	FROM_END,
	CUT_AT_END,	/* nothing is overwritten, the END is cut off */
};

/**
 * struct bad - a good image with one 32-bit word overwritten
 * @name: of the case
 * @where: who refuses it
 * @from: what @offset is counted from
 * @offset: of the word
 * @value: of the word
 * @error: what the error has to say
 */
struct bad {
	const char *name;
	enum bad_where where;
	enum bad_from from;
	unsigned int offset;
	uint32_t value;
	const char *error;
};

/* All of them; the last has no name. */
extern const struct bad bad_images[];

/* Writes a whole save file that is bad as @bad says. */
void bad_image(struct image *img, const struct bad *bad);

#endif /* XEN_THAW_TEST_BAD_H */
