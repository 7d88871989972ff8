// SPDX-License-Identifier: GPL-2.0
/* Measures how long plan_build() takes for a save file. */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "plan.h"
#include "savefile.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void bench(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct rusage usage;
	struct savefile f;
	struct plan p;
	double start;

	if (fd < 0)
		err(1, "%s", path);
	if (savefile_open(&f, fd, path))
		errx(1, "%s: %s", path, f.stream.error);

	start = now();
	if (plan_build(&p, &f.stream))
		errx(1, "%s: %s", path, f.stream.error);
	printf("%s: %.3f ms, %" PRIu64 " pages, runs: %zu populate, %zu data, %zu zero\n",
	       path, (now() - start) * 1e3, p.pages, p.nr_populate, p.nr_data,
	       p.nr_zero);

	plan_free(&p);
	close(fd);
	getrusage(RUSAGE_SELF, &usage);
	printf("%s: at most %ld KiB of memory\n", path, usage.ru_maxrss);
}

int main(int argc, char **argv)
{
	int i;

	if (argc < 2) {
		fprintf(stderr, "usage: bench_plan FILE...\n");
		return 2;
	}
	for (i = 1; i < argc; i++)
		bench(argv[i]);
	return 0;
}
