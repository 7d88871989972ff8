// SPDX-License-Identifier: GPL-2.0
/* resident FILE: prints how many KiB of a file are in the page cache. */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL

int main(int argc, char **argv)
{
	unsigned long i, nr, cached = 0;
	unsigned char *there;
	off_t size;
	void *map;
	int fd;

	if (argc != 2)
		errx(2, "usage: resident FILE");
	fd = open(argv[1], O_RDONLY);
	/* lseek() also gives the size of a block device. */
	size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	if (size < 0)
		err(1, "%s", argv[1]);
	nr = (size + PAGE - 1) / PAGE;
	there = malloc(nr + 1);
	map = mmap(NULL, nr * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	if (!there || map == MAP_FAILED || mincore(map, nr * PAGE, there))
		err(1, "%s", argv[1]);
	for (i = 0; i < nr; i++)
		cached += there[i] & 1;
	printf("%lu\n", cached * (PAGE / 1024));
	return 0;
}
