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
 * struct packed - an image, and what packing makes of it
 * @img: what is packed
 * @v: of the last packed_check()
 * @buf: bytes of the packed file as it was written
 * @size: of @buf
 * @words: of the last packed_make() that failed
 * @fd: the packed file; -1: none yet
 */
struct packed {
	struct image img;
	struct verify v;
	uint8_t *buf;
	size_t size;
	char words[sizeof(((struct stream *)0)->error)];
	int fd;
};

void packed_init(struct packed *p);
void packed_free(struct packed *p);

/* One page of data, one of zeros, one without; not packed yet. */
void packed_small_image(struct packed *p, bool pv);

/* Packs the image; 0, or -1. */
int packed_make(struct packed *p, bool sums);

/* Changes the file, not @p->buf. */
void packed_put(struct packed *p, size_t at, const void *bytes, size_t size);
void packed_put_byte(struct packed *p, size_t at, uint8_t byte);

/* verify_file()'s. */
int packed_check(struct packed *p);

/* Offset of the INDEX record. */
size_t packed_index(struct packed *p);

#endif /* XEN_THAW_TEST_PACKED_H */
