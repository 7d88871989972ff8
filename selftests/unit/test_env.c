// SPDX-License-Identifier: GPL-2.0
/* env.c: reads the environment, and the memory that is available. */
#include "kselftest_harness.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "env.h"

FIXTURE(env)
{
	char dir[64];
	char old[PATH_MAX];
};

/* The code under test reads meminfo in the working directory. */
FIXTURE_SETUP(env)
{
	strcpy(self->dir, "/tmp/test_cache.XXXXXX");
	ASSERT_NE(NULL, getcwd(self->old, sizeof(self->old)));
	ASSERT_NE(NULL, mkdtemp(self->dir));
	ASSERT_EQ(0, chdir(self->dir));
}

FIXTURE_TEARDOWN(env)
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

/* Return: the mode, or -1 if the value was refused. */
static int get_cache(const char *value)
{
	enum cache_mode mode;

	setenv("XEN_THAW_CACHE", value, 1);
	return env_get_cache(&mode) ? -1 : (int)mode;
}

TEST_F(env, cache_is_auto_unless_set)
{
	enum cache_mode mode = CACHE_DROP;

	unsetenv("XEN_THAW_CACHE");
	ASSERT_EQ(0, env_get_cache(&mode));
	EXPECT_EQ(CACHE_AUTO, mode);
}

TEST_F(env, cache_by_name)
{
	EXPECT_EQ(CACHE_AUTO, get_cache("auto"));
	EXPECT_EQ(CACHE_KEEP, get_cache("keep"));
	EXPECT_EQ(CACHE_DROP, get_cache("drop"));
}

TEST_F(env, other_cache_modes_are_refused)
{
	EXPECT_EQ(-1, get_cache(""));
	EXPECT_EQ(-1, get_cache("Drop"));
	EXPECT_EQ(-1, get_cache("drop "));
	EXPECT_EQ(-1, get_cache("0"));
}

/* Return: the number of threads, or 0 if the value was refused. */
static unsigned int get_threads(const char *value)
{
	unsigned int threads;

	setenv("XEN_THAW_THREADS", value, 1);
	return env_get_threads(&threads) ? 0 : threads;
}

TEST_F(env, threads)
{
	EXPECT_EQ(1, get_threads("1"));
	EXPECT_EQ(4, get_threads("4"));
	EXPECT_EQ(4, get_threads("5"));
	EXPECT_EQ(4, get_threads("99999999999999999999"));
	EXPECT_EQ(0, get_threads("0"));
	EXPECT_EQ(0, get_threads("-1"));
	EXPECT_EQ(0, get_threads("+1"));
	EXPECT_EQ(0, get_threads("two"));
	EXPECT_EQ(0, get_threads("2 "));
	EXPECT_EQ(0, get_threads(""));
}

TEST_F(env, verify)
{
	bool verify = true;

	unsetenv("XEN_THAW_VERIFY");
	EXPECT_EQ(0, env_get_verify(&verify));
	EXPECT_FALSE(verify);
	setenv("XEN_THAW_VERIFY", "1", 1);
	EXPECT_EQ(0, env_get_verify(&verify));
	EXPECT_TRUE(verify);
	setenv("XEN_THAW_VERIFY", "0", 1);
	EXPECT_EQ(0, env_get_verify(&verify));
	EXPECT_FALSE(verify);
	setenv("XEN_THAW_VERIFY", "yes", 1);
	EXPECT_EQ(-1, env_get_verify(&verify));
}

TEST_F(env, stream)
{
	enum stream_mode mode;

	unsetenv("XEN_THAW_STREAM");
	EXPECT_EQ(0, env_get_stream(&mode));
	EXPECT_EQ(STREAM_PIPES, (int)mode);
	setenv("XEN_THAW_STREAM", "0", 1);
	EXPECT_EQ(0, env_get_stream(&mode));
	EXPECT_EQ(STREAM_NONE, (int)mode);
	setenv("XEN_THAW_STREAM", "1", 1);
	EXPECT_EQ(0, env_get_stream(&mode));
	EXPECT_EQ(STREAM_ALL, (int)mode);
	setenv("XEN_THAW_STREAM", "2", 1);
	EXPECT_EQ(-1, env_get_stream(&mode));
}

/* Each name that is accepted is also the name that is shown. */
TEST_F(env, engines)
{
	enum engine_choice choice;

	for (int i = ENGINE_AUTO; i <= ENGINE_STOCK; i++) {
		setenv("XEN_THAW_ENGINE", env_engine_name(i), 1);
		ASSERT_EQ(0, env_get_engine(&choice));
		EXPECT_EQ(i, (int)choice);
	}
	setenv("XEN_THAW_ENGINE", "modules", 1);
	EXPECT_EQ(-1, env_get_engine(&choice));
	unsetenv("XEN_THAW_ENGINE");
	ASSERT_EQ(0, env_get_engine(&choice));
	EXPECT_EQ(ENGINE_AUTO, choice);
}

TEST_F(env, memory_is_in_bytes)
{
	write_meminfo("MemTotal:        4015628 kB\n"
		      "MemFree:          147384 kB\n"
		      "MemAvailable:    2519884 kB\n"
		      "Buffers:            2048 kB\n");
	EXPECT_EQ(2519884ULL * 1024, mem_available());
}

TEST_F(env, memory_is_unknown)
{
	EXPECT_EQ(0, mem_available());
	write_meminfo("");
	EXPECT_EQ(0, mem_available());
	write_meminfo("MemTotal: 4015628 kB\nMemFree: 147384 kB\n");
	EXPECT_EQ(0, mem_available());
	write_meminfo("MemAvailable: lots\n");
	EXPECT_EQ(0, mem_available());
}

TEST_HARNESS_MAIN
