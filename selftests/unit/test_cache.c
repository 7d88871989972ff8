// SPDX-License-Identifier: GPL-2.0
/* XEN_THAW_CACHE, and the memory that a host has left. */
#include "kselftest_harness.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "cache.h"

FIXTURE(cache)
{
	char dir[64];
	char old[PATH_MAX];
};

/* MEMINFO of the code under test is a file in the working directory. */
FIXTURE_SETUP(cache)
{
	strcpy(self->dir, "/tmp/test_cache.XXXXXX");
	ASSERT_NE(NULL, getcwd(self->old, sizeof(self->old)));
	ASSERT_NE(NULL, mkdtemp(self->dir));
	ASSERT_EQ(0, chdir(self->dir));
}

FIXTURE_TEARDOWN(cache)
{
	unlink("meminfo");
	EXPECT_EQ(0, chdir(self->old));
	EXPECT_EQ(0, rmdir(self->dir));
}

static void write_meminfo(const char *text)
{
	FILE *f = fopen("meminfo", "w");

	fputs(text, f);
	fclose(f);
}

/* Return: the mode, or -1 where it was refused. */
static int get_wish(const char *value)
{
	enum cache_mode mode;

	setenv("XEN_THAW_CACHE", value, 1);
	return cache_get_mode(&mode) ? -1 : (int)mode;
}

TEST_F(cache, wish_is_auto_unless_set)
{
	enum cache_mode mode = CACHE_DROP;

	unsetenv("XEN_THAW_CACHE");
	ASSERT_EQ(0, cache_get_mode(&mode));
	EXPECT_EQ(CACHE_AUTO, mode);
}

TEST_F(cache, wish_by_name)
{
	EXPECT_EQ(CACHE_AUTO, get_wish("auto"));
	EXPECT_EQ(CACHE_KEEP, get_wish("keep"));
	EXPECT_EQ(CACHE_DROP, get_wish("drop"));
}

TEST_F(cache, other_wishes_are_refused)
{
	EXPECT_EQ(-1, get_wish(""));
	EXPECT_EQ(-1, get_wish("Drop"));
	EXPECT_EQ(-1, get_wish("drop "));
	EXPECT_EQ(-1, get_wish("0"));
}

TEST_F(cache, memory_is_in_bytes)
{
	write_meminfo("MemTotal:        4015628 kB\n"
		      "MemFree:          147384 kB\n"
		      "MemAvailable:    2519884 kB\n"
		      "Buffers:            2048 kB\n");
	EXPECT_EQ(2519884ULL * 1024, cache_mem_available());
}

TEST_F(cache, memory_is_unknown)
{
	EXPECT_EQ(0, cache_mem_available());
	write_meminfo("");
	EXPECT_EQ(0, cache_mem_available());
	write_meminfo("MemTotal: 4015628 kB\nMemFree: 147384 kB\n");
	EXPECT_EQ(0, cache_mem_available());
	write_meminfo("MemAvailable: lots\n");
	EXPECT_EQ(0, cache_mem_available());
}

TEST_HARNESS_MAIN
