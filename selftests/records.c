// SPDX-License-Identifier: GPL-2.0
/*
 * records FILE: where the records of a save file's libxc stream are, a line
 * each: offset, name, type, bytes of the body. The first line is the stream's.
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "savefile.h"

int main(int argc, char **argv)
{
	struct stream_record rec;
	struct savefile file;
	int fd;

	if (argc != 2)
		errx(2, "usage: records FILE");
	fd = open(argv[1], O_RDONLY);
	if (fd < 0)
		err(1, "%s", argv[1]);
	if (savefile_open(&file, fd, argv[1]))
		errx(1, "%s: %s", argv[1], file.stream.error);
	printf("%" PRIu64 " stream\n", file.stream.start);
	do {
		if (stream_next(&file.stream, &rec))
			errx(1, "%s: %s", argv[1], file.stream.error);
		printf("%" PRIu64 " %s %#x %u\n", rec.offset,
		       stream_rec_name(rec.type), rec.type, rec.length);
	} while (rec.type != REC_END);
	return 0;
}
