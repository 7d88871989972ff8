// SPDX-License-Identifier: GPL-2.0
/* dig-holes FILE: turns each block of zeros in a file into a hole. */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#define BLOCK 4096

static bool is_zero(const uint64_t *block)
{
	unsigned int i;

	for (i = 0; i < BLOCK / sizeof(*block); i++)
		if (block[i])
			return false;
	return true;
}

int main(int argc, char **argv)
{
	uint64_t block[BLOCK / sizeof(uint64_t)];
	off_t offset = 0;
	int fd;

	if (argc != 2)
		errx(2, "usage: dig-holes FILE");
	fd = open(argv[1], O_RDWR);
	if (fd < 0)
		err(1, "%s", argv[1]);
	for (; pread(fd, block, BLOCK, offset) == BLOCK; offset += BLOCK)
		if (is_zero(block) &&
		    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      offset, BLOCK))
			err(1, "%s: offset %jd", argv[1], (intmax_t)offset);
	return 0;
}
