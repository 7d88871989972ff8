// SPDX-License-Identifier: GPL-2.0
/*
 * mutate-save SEED IN OUT: makes one change to a save file (image/mutate.h), and prints
 * it. The same seed makes the same change.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mutate.h"

/* Room for the longest record that a change can duplicate: 4 MiB from the stock writer. */
#define ROOM	(16UL << 20)

static void read_all(struct mutant *m, const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	size_t done;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", path);
	m->len = (size_t)st.st_size;
	m->cap = m->len + ROOM;
	m->buf = malloc(m->cap);
	if (!m->buf)
		err(1, "%zu bytes", m->cap);
	for (done = 0; done < m->len; done += (size_t)n) {
		n = read(fd, m->buf + done, m->len - done);
		if (n <= 0)
			err(1, "%s", path);
	}
	close(fd);
}

static void write_all(const struct mutant *m, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	size_t done;
	ssize_t n;

	if (fd < 0)
		err(1, "%s", path);
	for (done = 0; done < m->len; done += (size_t)n) {
		n = write(fd, m->buf + done, m->len - done);
		if (n < 0)
			err(1, "%s", path);
	}
	if (close(fd))
		err(1, "%s", path);
}

int main(int argc, char **argv)
{
	struct mutant m = { 0 };
	unsigned int tries = 0;

	if (argc != 4)
		errx(2, "usage: mutate-save SEED IN OUT");
	m.seed = strtoull(argv[1], NULL, 10) + 1;
	read_all(&m, argv[2]);
	/* Makes neighbouring seeds give unrelated changes. */
	mutate_random(&m, 1);
	m.seed *= UINT64_C(6364136223846793005);
	while (!mutate(&m)) {
		if (++tries == 1000)
			errx(1, "%s: it has nothing to change", argv[2]);
	}
	write_all(&m, argv[3]);
	printf("%s\n", m.what);
	return 0;
}
