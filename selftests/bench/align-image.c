// SPDX-License-Identifier: GPL-2.0
/*
 * align-image FROM TO: copies a save file so that page data begins at multiples
 * of 4 KiB. It puts padding where every reader skips it: after the optional data
 * of xl's header, and into an optional record before each PAGE_DATA.
 */
#include <endian.h>
#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE			4096
#define XL_MAGIC_SIZE		32
#define LIBXL_HEADER_SIZE	16
#define LIBXL_CONTEXT		1
#define LIBXC_HEADERS_SIZE	(24 + 16)
#define LIBXC_PAGE_DATA		1
#define LIBXC_END		0
#define LIBXC_PADDING		0xd4687700u	/* the type that xen-thaw pack uses */

struct xl_header {
	char magic[XL_MAGIC_SIZE];
	uint32_t byteorder;
	uint32_t mandatory_flags;
	uint32_t optional_flags;
	uint32_t optional_data_len;
};

struct record {
	uint32_t type;
	uint32_t length;
};

static FILE *from, *to;
static uint64_t offset;		/* in @to */

static void get(void *buf, size_t len)
{
	if (fread(buf, 1, len, from) != len)
		errx(1, "the file ends too early, or cannot be read");
}

static void put(const void *buf, size_t len)
{
	if (fwrite(buf, 1, len, to) != len)
		err(1, "cannot write");
	offset += len;
}

static void put_zeros(size_t len)
{
	static const char zeros[PAGE + 8];

	put(zeros, len);
}

static void copy(uint64_t len)
{
	static char buf[1 << 20];

	while (len) {
		size_t n = len < sizeof(buf) ? len : sizeof(buf);

		get(buf, n);
		put(buf, n);
		len -= n;
	}
}

static uint64_t padded(uint32_t length)
{
	return ((uint64_t)length + 7) & ~UINT64_C(7);
}

static void copy_xl_header(void)
{
	struct xl_header h;
	uint32_t len, pad;

	get(&h, sizeof(h));
	if (memcmp(h.magic, "Xen saved domain", 16))
		errx(1, "not a file that xl saved");
	len = h.optional_data_len;
	pad = -(sizeof(h) + len) & 7;
	h.optional_data_len += pad;
	put(&h, sizeof(h));
	copy(len);
	put_zeros(pad);
}

static void copy_to_libxc(void)
{
	struct record r;

	copy(LIBXL_HEADER_SIZE);
	do {
		get(&r, sizeof(r));
		put(&r, sizeof(r));
		copy(padded(r.length));
	} while (r.type != LIBXL_CONTEXT);
	copy(LIBXC_HEADERS_SIZE);
}

/* Makes the data of a PAGE_DATA of @count pages start at a page. */
static void pad_before(uint32_t count)
{
	uint64_t data = offset + sizeof(struct record) + 8 + 8ul * count;
	struct record r = { .type = LIBXC_PADDING };
	uint32_t pad = -data & (PAGE - 1);

	if (!pad)
		return;
	r.length = pad - sizeof(r);
	put(&r, sizeof(r));
	put_zeros(r.length);
}

static bool copy_record(void)
{
	uint32_t count;
	struct record r;

	get(&r, sizeof(r));
	if (r.type == LIBXC_PAGE_DATA) {
		get(&count, sizeof(count));
		/* Many records list only frames that the guest does not have. */
		if (r.length > 8 + 8ul * count)
			pad_before(count);
		put(&r, sizeof(r));
		put(&count, sizeof(count));
		copy(padded(r.length) - sizeof(count));
	} else {
		put(&r, sizeof(r));
		copy(padded(r.length));
	}
	return r.type != LIBXC_END;
}

int main(int argc, char **argv)
{
	int c;

	if (argc != 3)
		errx(2, "usage: align-image FROM TO");
	from = fopen(argv[1], "r");
	if (!from)
		err(1, "%s", argv[1]);
	to = fopen(argv[2], "w");
	if (!to)
		err(1, "%s", argv[2]);

	copy_xl_header();
	copy_to_libxc();
	while (copy_record())
		;
	while ((c = getc(from)) != EOF)
		putc(c, to);
	if (ferror(from) || fclose(to))
		err(1, "%s", argv[2]);
	return 0;
}
