// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image.h"
#include "savefile.h"

#define XL_MAGIC		"Xen saved domain, xl format\n \0 \r"
#define XL_BYTEORDER		0x01020304
#define XL_JSON			1
#define XL_STREAM_V2		2

#define LIBVIRT_MAGIC		"libvirt-xml\n \0 \r"
#define LIBVIRT_HEADER_SIZE	64

void image_free(struct image *img)
{
	free(img->buf);
	memset(img, 0, sizeof(*img));
}

void image_add(struct image *img, const void *data, size_t len)
{
	if (img->cap - img->len < len) {
		img->cap = 2 * (img->len + len);
		img->buf = realloc(img->buf, img->cap);
		if (!img->buf)
			err(1, "image of %zu bytes", img->cap);
	}
	if (data)
		memcpy(img->buf + img->len, data, len);
	else
		memset(img->buf + img->len, 0, len);
	img->len += len;
}

void image_add_zero(struct image *img, size_t len)
{
	image_add(img, NULL, len);
}

void image_put32(struct image *img, size_t offset, uint32_t value)
{
	value = htole32(value);
	memcpy(img->buf + offset, &value, sizeof(value));
}

static void add16(struct image *img, uint16_t value)
{
	image_add(img, &value, sizeof(value));
}

static void add32(struct image *img, uint32_t value)
{
	image_add(img, &value, sizeof(value));
}

static void add64(struct image *img, uint64_t value)
{
	image_add(img, &value, sizeof(value));
}

void image_xl(struct image *img, const char *config)
{
	uint32_t len = config ? (uint32_t)strlen(config) + 1 : 0;

	image_add(img, XL_MAGIC, 32);
	add32(img, htole32(XL_BYTEORDER));
	add32(img, htole32(XL_STREAM_V2 | (len ? XL_JSON : 0)));
	add32(img, 0);
	add32(img, htole32(len + 4));
	add32(img, htole32(len));
	if (len)
		image_add(img, config, len);
}

void image_libvirt(struct image *img, const char *xml)
{
	size_t start = img->len;
	uint32_t len = (uint32_t)strlen(xml) + 1;

	image_add(img, LIBVIRT_MAGIC, 16);
	add32(img, htole32(2));
	add32(img, htole32(len));
	image_add_zero(img, LIBVIRT_HEADER_SIZE - (img->len - start));
	image_add(img, xml, len);
}

void image_libxl(struct image *img)
{
	img->libxl = img->len;
	image_add(img, "LibxlFmt", 8);
	add32(img, htobe32(2));
	add32(img, htobe32(0));
}

static void add_record(struct image *img, uint32_t type, const void *body,
		       size_t len)
{
	image_record_header(img, type, (uint32_t)len);
	image_add(img, body, len);
	image_add_zero(img, -len & 7);
}

void image_libxl_record(struct image *img, uint32_t type, const void *body,
			size_t len)
{
	add_record(img, type, body, len);
}

void image_libxc(struct image *img, uint32_t version, uint32_t guest)
{
	img->libxc = img->len;
	add64(img, UINT64_MAX);
	image_add(img, "XENF", 4);
	add32(img, htobe32(version));
	add64(img, 0);

	add32(img, htole32(guest));
	add16(img, htole16(XT_PAGE_SHIFT));
	add16(img, 0);
	add32(img, htole32(4));
	add32(img, htole32(17));
}

void image_record_header(struct image *img, uint32_t type, uint32_t len)
{
	add32(img, htole32(type));
	add32(img, htole32(len));
}

void image_record(struct image *img, uint32_t type, const void *body,
		  size_t len)
{
	add_record(img, type, body, len);
}

static bool has_data(uint64_t entry)
{
	return entry >> 60 < PFN_BROKEN;
}

static void add_page(struct image *img)
{
	uint64_t words[XT_PAGE_SIZE / 8];
	size_t i;

	for (i = 0; i < XT_PAGE_SIZE / 8; i++)
		words[i] = htole64(img->fill);
	img->fill++;
	image_add(img, words, sizeof(words));
}

void image_pages(struct image *img, const uint64_t *entries, uint32_t nr)
{
	uint32_t len = 8 + 8 * nr, i;

	for (i = 0; i < nr; i++)
		len += has_data(entries[i]) ? XT_PAGE_SIZE : 0;

	img->pages = img->len;
	image_record_header(img, REC_PAGE_DATA, len);
	add32(img, htole32(nr));
	add32(img, 0);
	for (i = 0; i < nr; i++)
		add64(img, htole64(entries[i]));
	for (i = 0; i < nr; i++) {
		if (has_data(entries[i]))
			add_page(img);
	}
}

void image_page_range(struct image *img, unsigned int type, uint64_t pfn,
		      uint32_t nr)
{
	uint64_t *entries = calloc(nr, sizeof(*entries));
	uint32_t i;

	if (!entries)
		err(1, "%u entries", nr);
	for (i = 0; i < nr; i++)
		entries[i] = ENTRY(type, pfn + i);
	image_pages(img, entries, nr);
	free(entries);
}

void image_hvm_head(struct image *img)
{
	image_libxc(img, 3, STREAM_GUEST_HVM);
	image_record(img, REC_STATIC_DATA_END, NULL, 0);
}

void image_hvm_tail(struct image *img)
{
	const uint64_t params[] = { htole64(1), htole64(1), htole64(0xfefff) };

	img->tail = img->len;
	image_record(img, REC_X86_TSC_INFO, NULL, 24);
	image_record(img, REC_HVM_CONTEXT, NULL, 101);
	image_record(img, REC_HVM_PARAMS, params, sizeof(params));
	image_record(img, REC_END, NULL, 0);
}

void image_file_head(struct image *img)
{
	image_xl(img, IMAGE_CONFIG);
	image_libxl(img);
	image_libxl_record(img, LIBXL_REC_LIBXC_CONTEXT, NULL, 0);
}

void image_file_tail(struct image *img)
{
	image_libxl_record(img, LIBXL_REC_END, NULL, 0);
}

static bool is_zero(const uint8_t *p, size_t len)
{
	return len && !p[0] && !memcmp(p, p + 1, len - 1);
}

int image_file(const struct image *img, bool sparse)
{
	int fd = memfd_create("image", MFD_CLOEXEC);
	size_t done, len;

	if (fd < 0 || ftruncate(fd, (off_t)img->len))
		err(1, "file of %zu bytes", img->len);
	for (done = 0; done < img->len; done += len) {
		len = img->len - done;
		if (len > XT_PAGE_SIZE)
			len = XT_PAGE_SIZE;
		if (sparse && is_zero(img->buf + done, len))
			continue;
		if (pwrite(fd, img->buf + done, len, (off_t)done) !=
		    (ssize_t)len)
			err(1, "writing the image");
	}
	return fd;
}
