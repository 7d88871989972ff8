// SPDX-License-Identifier: GPL-2.0

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "message.h"

/* Tests have another. */
#ifndef MEMINFO
#define MEMINFO	"/proc/meminfo"
#endif

static bool cache_parse(const char *name, enum cache_mode *mode)
{
	static const char * const names[] = {
		[CACHE_AUTO] = "auto",
		[CACHE_KEEP] = "keep",
		[CACHE_DROP] = "drop",
	};
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]))
			continue;
		*mode = i;
		return true;
	}
	return false;
}

int cache_parse_option(const char *name, enum cache_mode *mode)
{
	if (cache_parse(name, mode))
		return 0;
	message("--cache %s: it is one of auto, keep, drop", name);
	return -1;
}

int cache_get_mode(enum cache_mode *mode)
{
	const char *value = getenv("XEN_THAW_CACHE");

	*mode = CACHE_AUTO;
	if (!value || cache_parse(value, mode))
		return 0;
	message("XEN_THAW_CACHE=%s: unknown; it is one of auto, keep, drop",
		value);
	return -1;
}

uint64_t cache_mem_available(void)
{
	uint64_t kib = 0;
	char line[128];
	FILE *f = fopen(MEMINFO, "re");

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kib) == 1)
			break;
	fclose(f);
	return kib * 1024;
}
