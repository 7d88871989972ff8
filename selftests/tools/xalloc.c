// SPDX-License-Identifier: GPL-2.0
/*
 * xalloc IN OUT: turns pages of zeros of a save file into XALLOC entries without
 * data. The format allows this, and stock then does not write such a page.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layout.h"
#include "stream.h"

#define LIST		16U	/* offset of the list of a PAGE_DATA */
#define PFN_MASK	((UINT64_C(1) << 52) - 1)

static struct records records;

static void append(int out, const void *data, size_t size)
{
	if (write(out, data, size) != (ssize_t)size)
		err(1, "writing %zu bytes", size);
}

static void write_pages(int out, const uint8_t *in, const struct record *rec)
{
	static const uint8_t zero[XT_PAGE_SIZE];
	uint32_t count = record_entries(rec, in), i;
	size_t list = LIST + 8UL * count, len = list;
	const uint8_t *page = in + rec->offset + list;
	uint8_t *buf = malloc(rec->end - rec->offset);
	uint64_t entry;

	if (!buf)
		err(1, "%zu bytes", rec->end - rec->offset);
	memcpy(buf, in + rec->offset, list);
	for (i = 0; i < count; i++) {
		entry = get64(buf + LIST + 8UL * i);
		if (entry >> 60 >= PFN_BROKEN)
			continue;
		if (!memcmp(page, zero, XT_PAGE_SIZE)) {
			put64(buf + LIST + 8UL * i, (entry & PFN_MASK) |
			      (uint64_t)PFN_XALLOC << 60);
		} else {
			memcpy(buf + len, page, XT_PAGE_SIZE);
			len += XT_PAGE_SIZE;
		}
		page += XT_PAGE_SIZE;
	}
	put32(buf + 4, (uint32_t)(len - RECORD_HEADER));
	append(out, buf, len);
	free(buf);
}

int main(int argc, char **argv)
{
	struct stat st;
	uint8_t *data;
	int in, out;
	size_t i, at;

	if (argc != 3)
		errx(2, "usage: xalloc IN OUT");
	in = open(argv[1], O_RDONLY);
	if (in < 0 || fstat(in, &st))
		err(1, "%s", argv[1]);
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, in, 0);
	out = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (data == MAP_FAILED || out < 0)
		err(1, "%s or %s", argv[1], argv[2]);

	records_find(&records, data, (size_t)st.st_size);
	if (!records.nr)
		errx(1, "%s: no libxc stream", argv[1]);
	at = records.v[0].offset;
	append(out, data, at);
	for (i = 0; i < records.nr; i++) {
		const struct record *rec = &records.v[i];

		if (rec->type == REC_PAGE_DATA)
			write_pages(out, data, rec);
		else
			append(out, data + rec->offset, rec->end - rec->offset);
		at = rec->end;
	}
	append(out, data + at, (size_t)st.st_size - at);
	return 0;
}
