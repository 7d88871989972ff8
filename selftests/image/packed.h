/* SPDX-License-Identifier: GPL-2.0 */
/* A packed file, for tests that damage it. */
#ifndef XEN_THAW_TEST_PACKED_H
#define XEN_THAW_TEST_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image.h"
#include "verify.h"

/**
 * struct packed - an image and the packed file made from it
 * @img: the image before it is packed
 * @v: result of the last packed_check()
 * @buf: bytes of the packed file as it was written
 * @size: number of bytes in @buf
 * @error: error of the last packed_make() that failed
 * @fd: the packed file, or -1 if there is none yet
 */
struct packed {
	struct image img;
	struct verify v;
	uint8_t *buf;
	size_t size;
	char error[sizeof(((struct stream *)0)->error)];
	int fd;
};

void packed_init(struct packed *p);
void packed_free(struct packed *p);

/* Makes an image of a page of data, a page of zeros and one without data. */
void packed_small_image(struct packed *p, bool pv);

/* Packs the image. Returns 0, or -1 and sets @p->error. */
int packed_make(struct packed *p, bool sums);

/* Change the file, but not @p->buf. */
void packed_put(struct packed *p, size_t at, const void *bytes, size_t size);
void packed_put_byte(struct packed *p, size_t at, uint8_t byte);

/* Returns what verify_file() says of the packed file. */
int packed_check(struct packed *p);

/* Offset of the INDEX record. */
size_t packed_index(struct packed *p);

#endif /* XEN_THAW_TEST_PACKED_H */
