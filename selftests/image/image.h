/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writer of save images for tests: as stock writes them, or wrong in the way
 * that a test asks for.
 */
#ifndef XEN_THAW_TEST_IMAGE_H
#define XEN_THAW_TEST_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream.h"

#define IMAGE_CONFIG \
	"{\"c_info\":{\"type\":\"pvh\",\"name\":\"test-guest\"," \
	"\"uuid\":\"00000000-0000-4000-8000-000000000001\"}," \
	"\"b_info\":{\"max_vcpus\":2,\"max_memkb\":262144," \
	"\"target_memkb\":262144,\"type.pvh\":{}}}"

/**
 * struct image - an image in memory
 * @buf: the bytes
 * @len: bytes in @buf
 * @cap: bytes that @buf has room for
 * @fill: number of the next page of data
 * @libxl: offset of the libxl stream that was begun last
 * @libxc: offset of the libxc stream that was begun last
 * @pages: offset of the PAGE_DATA record that was written last
 * @tail: offset of what image_hvm_tail() wrote last: a TSC_INFO record
 *
 * Page n of data holds n in each of its 512 words, little-endian; page 0 is the
 * first. A test reads from a page's offset which contents it got.
 */
struct image {
	uint8_t *buf;
	size_t len;
	size_t cap;
	uint64_t fill;
	size_t libxl;
	size_t libxc;
	size_t pages;
	size_t tail;
};

/* An entry of PAGE_DATA. */
#define ENTRY(type, pfn)	(((uint64_t)(type) << 60) | (uint64_t)(pfn))

void image_free(struct image *img);
void image_add(struct image *img, const void *data, size_t len);
void image_add_zero(struct image *img, size_t len);

/* Overwrites what is there, little-endian. */
void image_put32(struct image *img, size_t offset, uint32_t value);

/* xl's header and config; @config as text, NULL for none. */
void image_xl(struct image *img, const char *config);

/* libvirt's header and a domain's XML, in front of a libxl stream. */
void image_libvirt(struct image *img, const char *xml);

/* The header of a libxl stream, and one of its records. */
void image_libxl(struct image *img);
void image_libxl_record(struct image *img, uint32_t type, const void *body,
			size_t len);

/* The headers of a libxc stream; STREAM_GUEST_* as @guest. */
void image_libxc(struct image *img, uint32_t version, uint32_t guest);

/* A record of the libxc stream: whole, or its header alone. */
void image_record(struct image *img, uint32_t type, const void *body,
		  size_t len);
void image_record_header(struct image *img, uint32_t type, uint32_t len);

/* PAGE_DATA with these entries, and data for those that have some. */
void image_pages(struct image *img, const uint64_t *entries, uint32_t nr);

/* The same for @nr pfns from @pfn on, all of one type. */
void image_page_range(struct image *img, unsigned int type, uint64_t pfn,
		      uint32_t nr);

/*
 * What stock writes before and behind the page data of a PVH guest, but for
 * policies, which nothing here looks at.
 */
void image_hvm_head(struct image *img);
void image_hvm_tail(struct image *img);

/* All that stock writes before and behind the libxc stream of a PVH guest. */
void image_file_head(struct image *img);
void image_file_tail(struct image *img);

/*
 * A file with the image's contents, without a name; its offset is 0. @sparse:
 * pages of the file that are zero become holes.
 */
int image_file(const struct image *img, bool sparse);

#endif /* XEN_THAW_TEST_IMAGE_H */
