// SPDX-License-Identifier: GPL-2.0
#include "bad.h"
#include "savefile.h"

#define ENTRY_OF(name, where, from, offset, value, error) \
	{ #name, where, from, offset, value, error },

const struct bad bad_images[] = {
	BAD_IMAGES(ENTRY_OF)
	{ 0 }
};

/* Bytes from the start of a libxc stream to its first record. */
#define LIBXC_HEADERS_SIZE	40

void bad_image(struct image *img, const struct bad *bad)
{
	size_t from[CUT_AT_END] = { 0 };

	image_file_head(img);
	image_hvm_head(img);
	/* Room for a case to put another record before PAGE_DATA. */
	image_record(img, REC_OPTIONAL, NULL, 0);
	image_page_range(img, PFN_NOTAB, 0, 3);
	image_hvm_tail(img);
	from[FROM_LIBXL] = img->libxl;
	from[FROM_CONTEXT] = img->libxl + LIBXL_HEADER_SIZE;
	from[FROM_LIBXC] = img->libxc;
	from[FROM_STATIC_END] = img->libxc + LIBXC_HEADERS_SIZE;
	from[FROM_PAGES] = img->pages;
	from[FROM_TAIL] = img->tail;
	from[FROM_END] = img->len - 8;
	image_file_tail(img);

	if (bad->from == CUT_AT_END)
		img->len -= 16;
	else
		image_put32(img, from[bad->from] + bad->offset, bad->value);
}
