// SPDX-License-Identifier: GPL-2.0
/*
 * fill-zeros FILE: writes a word into each block of zeros in a save file, so that no page
 * of the guest is zero. The guest can be restored, but does not run.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#define BLOCK	4096
#define WORDS	(BLOCK / sizeof(uint64_t))

int main(int argc, char **argv)
{
	uint64_t block[WORDS];
	off_t offset;
	unsigned int i;
	int fd;

	if (argc != 2)
		errx(2, "usage: fill-zeros FILE");
	fd = open(argv[1], O_RDWR);
	if (fd < 0)
		err(1, "%s", argv[1]);
	for (offset = 0; pread(fd, block, BLOCK, offset) == BLOCK; offset += BLOCK) {
		for (i = 0; i < WORDS && !block[i]; i++)
			;
		if (i < WORDS)
			continue;
		block[WORDS / 2] = offset | 1;
		if (pwrite(fd, block, BLOCK, offset) != BLOCK)
			err(1, "%s: offset %jd", argv[1], (intmax_t)offset);
	}
	return 0;
}
