// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env.h"
#include "message.h"

/* Tests have another. */
#ifndef MEMINFO
#define MEMINFO	"/proc/meminfo"
#endif

static const char * const cache_modes[] = {
	[CACHE_AUTO] = "auto",
	[CACHE_KEEP] = "keep",
	[CACHE_DROP] = "drop",
	NULL
};

static const char * const engines[] = {
	[ENGINE_AUTO] = "auto",
	[ENGINE_MODULE] = "module",
	[ENGINE_GNTDEV] = "gntdev",
	[ENGINE_MMAPBATCH] = "mmapbatch",
	[ENGINE_STOCK] = "stock",
	NULL
};

/* Return: the index of a value in a list that ends with NULL, or -1. */
static int parse_name(const char *source, const char *value,
		      const char * const *names)
{
	char list[128] = "";
	size_t len = 0;
	int i;

	for (i = 0; names[i]; i++) {
		if (!strcmp(value, names[i]))
			return i;
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
					i ? ", " : "", names[i]);
	}
	message("%s%s: unknown; use one of %s", source, value, list);
	return -1;
}

int env_parse_cache(const char *source, const char *value,
		    enum cache_mode *mode)
{
	int i = parse_name(source, value, cache_modes);

	if (i < 0)
		return -1;
	*mode = i;
	return 0;
}

int env_parse_engine(const char *source, const char *value,
		     enum engine_choice *choice)
{
	int i = parse_name(source, value, engines);

	if (i < 0)
		return -1;
	*choice = i;
	return 0;
}

int env_parse_threads(const char *source, const char *value,
		      unsigned int *threads)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end || !n) {
		message("%s%s: use a number from 1 to %u", source, value,
			MAX_THREADS);
		return -1;
	}
	if (n > MAX_THREADS) {
		message("%s%s: using %u threads, more do not help", source,
			value, MAX_THREADS);
		n = MAX_THREADS;
	}
	*threads = (unsigned int)n;
	return 0;
}

const char *env_engine_name(enum engine_choice choice)
{
	return engines[choice];
}

int env_get_cache(enum cache_mode *mode)
{
	const char *value = getenv(ENV_CACHE);

	*mode = CACHE_AUTO;
	return value ? env_parse_cache(ENV_CACHE "=", value, mode) : 0;
}

int env_get_engine(enum engine_choice *choice)
{
	const char *value = getenv(ENV_ENGINE);

	*choice = ENGINE_AUTO;
	return value ? env_parse_engine(ENV_ENGINE "=", value, choice) : 0;
}

int env_get_threads(unsigned int *threads)
{
	const char *value = getenv(ENV_THREADS);
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (value)
		return env_parse_threads(ENV_THREADS "=", value, threads);
	if (cpus < 1)
		cpus = 1;
	*threads = cpus < (long)MAX_THREADS ? (unsigned int)cpus : MAX_THREADS;
	return 0;
}

/* Return: 0, 1, @otherwise if the variable is not set, or -1 after a message. */
static int get_switch(const char *name, int otherwise)
{
	const char *value = getenv(name);

	if (!value || !value[0])
		return otherwise;
	if (!strcmp(value, "0") || !strcmp(value, "1"))
		return value[0] - '0';
	message("%s=%s: use 0 or 1", name, value);
	return -1;
}

int env_get_stream(enum stream_mode *mode)
{
	int on = get_switch(ENV_STREAM, 2);

	if (on < 0)
		return -1;
	*mode = on == 2 ? STREAM_PIPES : on ? STREAM_ALL : STREAM_NONE;
	return 0;
}

int env_get_verify(bool *verify)
{
	int on = get_switch(ENV_VERIFY, 0);

	*verify = on > 0;
	return on < 0 ? -1 : 0;
}

static bool is_on(const char *name)
{
	const char *value = getenv(name);

	return value && !strcmp(value, "1");
}

bool env_progress(void)
{
	return is_on(ENV_PROGRESS);
}

bool env_debug(void)
{
	return is_on(ENV_DEBUG);
}

const char *env_stats(void)
{
	return getenv(ENV_STATS);
}

const char *env_file(void)
{
	return getenv(ENV_FILE);
}

const char *env_plan(void)
{
	return getenv(ENV_PLAN);
}

const char *env_stock_helper(void)
{
	return getenv(ENV_STOCK);
}

const char *env_helper(void)
{
	return getenv(ENV_HELPER);
}

const char *env_libxl_helper(void)
{
	return getenv(ENV_LIBXL_HELPER);
}

const char *env_hotplug(void)
{
	return getenv(ENV_HOTPLUG);
}

uint64_t mem_available(void)
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
