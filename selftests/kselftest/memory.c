// SPDX-License-Identifier: GPL-2.0
#include <glob.h>
#include <stdio.h>
#include <unistd.h>

#include "memory.h"

static void write_to(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return;
	fputs(text, f);
	fclose(f);
}

/* Frees the page cache, slabs without objects and KASAN's quarantine. */
static void give_back(void)
{
	glob_t found;
	size_t i;

	write_to("/proc/sys/vm/drop_caches", "3");
	usleep(500000);
	if (glob("/sys/kernel/slab/*/shrink", 0, NULL, &found))
		return;
	for (i = 0; i < found.gl_pathc; i++)
		write_to(found.gl_pathv[i], "1");
	globfree(&found);
}

long memory_free_kib(void)
{
	char line[128];
	long kib = -1;
	FILE *f;

	give_back();
	f = fopen("/proc/meminfo", "r");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "MemFree: %ld", &kib) == 1)
			break;
	fclose(f);
	return kib;
}

bool memory_is_back(long before)
{
	long lost = 0;
	int tries;

	for (tries = 0; tries < 5; tries++) {
		lost = before - memory_free_kib();
		if (lost < MEMORY_SLACK_KIB)
			return true;
	}
	printf("# %ld KiB of %ld are lost\n", lost, before);
	return false;
}
