// SPDX-License-Identifier: GPL-2.0
/*
 * list-records [--pages] FILE: prints a line for the libxc stream of a save file, and
 * then a line for each record: offset, name, type, bytes of the body. With --pages it
 * adds a line for each run of pfns of a PAGE_DATA: offset of its first entry, "pages",
 * type, first pfn, number of pfns, offset of the data.
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "savefile.h"

/* For stream_page_runs(): arg is the offset of the next entry. */
static int print_run(void *arg, const struct page_run *run)
{
	uint64_t *entry = arg;

	printf("%" PRIu64 " pages %#x %" PRIu64 " %" PRIu32 " %" PRIu64 "\n", *entry,
	       run->type, run->pfn, run->nr, run->offset);
	*entry += run->nr * sizeof(uint64_t);
	return 0;
}

static int print_record(struct stream *s, const struct stream_record *rec, int pages)
{
	uint64_t entry = rec->body + 8;

	printf("%" PRIu64 " %s %#x %u\n", rec->offset, record_name(rec->type), rec->type,
	       rec->length);
	return pages && rec->type == REC_PAGE_DATA ?
		stream_page_runs(s, rec, print_run, &entry) : 0;
}

int main(int argc, char **argv)
{
	const int pages = argc > 1 && !strcmp(argv[1], "--pages");
	struct stream_record rec;
	struct savefile file;
	const char *name;
	int fd;

	if (argc != 2 + pages)
		errx(2, "usage: list-records [--pages] FILE");
	name = argv[1 + pages];
	fd = open(name, O_RDONLY);
	if (fd < 0)
		err(1, "%s", name);
	if (savefile_open(&file, fd, name))
		errx(1, "%s: %s", name, file.stream.error);
	printf("%" PRIu64 " stream\n", file.stream.start);
	do {
		if (stream_next(&file.stream, &rec) || print_record(&file.stream, &rec, pages))
			errx(1, "%s: %s", name, file.stream.error);
	} while (rec.type != REC_END);
	return 0;
}
