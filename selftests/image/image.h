/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes save images for tests: images like those of stock, or with a fault that
 * the test needs.
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

#define IMAGE_XML \
	"<domain type='xen'><name>virtual</name>" \
	"<uuid>00000000-0000-4000-8000-000000000002</uuid>" \
	"<memory unit='KiB'>131072</memory>" \
	"<currentMemory unit='KiB'>98304</currentMemory><vcpu>2</vcpu>" \
	"<os><type arch='x86_64' machine='xenpvh'>xenpvh</type></os></domain>"

/**
 * struct image - an image in memory
 * @buf: its bytes
 * @len: number of bytes in @buf
 * @cap: number of bytes that fit into @buf
 * @fill: number of the next page of data
 * @libxl: offset of the last libxl stream
 * @libxc: offset of the last libxc stream
 * @pages: offset of the last PAGE_DATA record
 * @tail: offset of the first record of image_hvm_tail(), a TSC_INFO
 *
 * Page n of the data holds n in each of its 512 words, little-endian, and the first
 * is page 0. So the contents of a page tell a test which page it is.
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

/* Overwrites a word, little-endian. */
void image_put32(struct image *img, size_t offset, uint32_t value);

/* xl's header, with @config as text, or without a configuration if that is NULL. */
void image_xl(struct image *img, const char *config);

/* libvirt's header and a domain's XML, in front of a libxl stream. */
void image_libvirt(struct image *img, const char *xml);

/* The header of a libxl stream, and one of its records. */
void image_libxl(struct image *img);
void image_libxl_record(struct image *img, uint32_t type, const void *body,
			size_t len);

/* The headers of a libxc stream. @guest: STREAM_GUEST_* */
void image_libxc(struct image *img, uint32_t version, uint32_t guest);

/* A record of the libxc stream: whole, or its header alone. */
void image_record(struct image *img, uint32_t type, const void *body,
		  size_t len);
void image_record_header(struct image *img, uint32_t type, uint32_t len);

/* PAGE_DATA with these entries, and a page of data for each type that has data. */
void image_pages(struct image *img, const uint64_t *entries, uint32_t nr);

/* The same for @nr pfns from @pfn on, all of one type. */
void image_page_range(struct image *img, unsigned int type, uint64_t pfn,
		      uint32_t nr);

/*
 * What stock writes before and after the page data of a PVH guest, without the
 * CPU policies, which no test reads.
 */
void image_hvm_head(struct image *img);
void image_hvm_tail(struct image *img);

/* All that stock writes before and after the libxc stream of a PVH guest. */
void image_file_head(struct image *img);
void image_file_tail(struct image *img);

/*
 * Returns a file with the image's contents. It has no name, and its offset is 0.
 * @sparse: pages of zeros become holes.
 */
int image_file(const struct image *img, bool sparse);

#endif /* XEN_THAW_TEST_IMAGE_H */
