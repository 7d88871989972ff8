// SPDX-License-Identifier: GPL-2.0
/* stock_path.c finds the stock helper, and stock.c starts it. */
#include "kselftest_harness.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stock.h"
#include "stock_path.h"

FIXTURE(stock)
{
	char dir[64];
	char old[PATH_MAX];
};

/* The code under test looks for the helper below "root" in the working directory. */
FIXTURE_SETUP(stock)
{
	strcpy(self->dir, "/tmp/test_stock.XXXXXX");
	ASSERT_NE(NULL, getcwd(self->old, sizeof(self->old)));
	ASSERT_NE(NULL, mkdtemp(self->dir));
	ASSERT_EQ(0, chdir(self->dir));
	unsetenv("XEN_THAW_STOCK_HELPER");
}

FIXTURE_TEARDOWN(stock)
{
	EXPECT_EQ(0, system("rm -rf root out"));
	EXPECT_EQ(0, chdir(self->old));
	EXPECT_EQ(0, rmdir(self->dir));
}

/* Makes a file below the root, with its directories. */
static void put(const char *path, const char *text)
{
	char command[1024];

	snprintf(command, sizeof(command),
		 "mkdir -p $(dirname root%s) && printf '%s\\n' >root%s && chmod 755 root%s",
		 path, text, path, path);
	if (system(command))
		abort();
}

static void put_helper(const char *dir)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/libxl-save-helper", dir);
	put(path, "#!/bin/sh");
}

static void xen_is(const char *major, const char *minor)
{
	put("/sys/hypervisor/version/major", major);
	put("/sys/hypervisor/version/minor", minor);
}

TEST_F(stock, is_nowhere)
{
	EXPECT_EQ(NULL, stock_find());
	xen_is("4", "17");
	EXPECT_EQ(NULL, stock_find());
}

TEST_F(stock, places)
{
	static const char * const dirs[] = {
		"/usr/local/lib64/xen/bin", "/usr/local/lib/xen/bin",
		"/usr/local/libexec/xen/bin", "/usr/lib64/xen/bin",
		"/usr/lib/xen/bin", "/usr/libexec/xen/bin",
	};
	char path[256];
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		put_helper(dirs[i]);
		snprintf(path, sizeof(path), "root%s/libxl-save-helper", dirs[i]);
		EXPECT_STREQ(path, stock_find());
	}
}

/* The helper of the running Xen's version is found among several. */
TEST_F(stock, versions)
{
	put_helper("/usr/lib/xen-4.14/bin");
	put_helper("/usr/lib/xen-4.17/bin");
	put_helper("/usr/lib/xen/bin");
	xen_is("4", "17");
	EXPECT_STREQ("root/usr/lib/xen-4.17/bin/libxl-save-helper", stock_find());
	xen_is("4", "14");
	EXPECT_STREQ("root/usr/lib/xen-4.14/bin/libxl-save-helper", stock_find());
	xen_is("4", "20");
	EXPECT_STREQ("root/usr/lib/xen/bin/libxl-save-helper", stock_find());
	xen_is("new", "17");
	EXPECT_STREQ("root/usr/lib/xen/bin/libxl-save-helper", stock_find());
}

TEST_F(stock, named)
{
	put_helper("/usr/lib/xen/bin");
	setenv("XEN_THAW_STOCK_HELPER", "/bin/true", 1);
	EXPECT_STREQ("/bin/true", stock_find());
	setenv("XEN_THAW_STOCK_HELPER", "/nonexistent", 1);
	EXPECT_EQ(NULL, stock_find());
	setenv("XEN_THAW_STOCK_HELPER", "/proc/self/exe", 1);
	EXPECT_EQ(NULL, stock_find());
}

/* xen-thaw enable puts a link to xen-thaw-helper there, and the stock helper beside it. */
TEST_F(stock, beside_our_link)
{
	static const char dir[] = "root/usr/lib/xen-4.17/bin";
	static const char helper[] = "root/usr/lib/xen-4.17/bin/libxl-save-helper";
	static const char stock[] = "root/usr/lib/xen-4.17/bin/libxl-save-helper.stock";

	put_helper("/usr/lib/xen-4.17/bin");
	put_helper("/usr/lib/xen/bin");
	xen_is("4", "17");
	ASSERT_EQ(0, rename(helper, stock));
	ASSERT_EQ(0, symlink("/opt/xen-thaw-helper", helper));
	EXPECT_TRUE(stock_is_replaced(helper));
	EXPECT_STREQ(stock, stock_find());
	/* An upgrade of Xen that knows of no diversion puts its own over the link. */
	ASSERT_EQ(0, unlink(helper));
	put_helper("/usr/lib/xen-4.17/bin");
	EXPECT_STREQ(helper, stock_find());
	/* There is none beside the link. */
	ASSERT_EQ(0, unlink(helper));
	ASSERT_EQ(0, unlink(stock));
	ASSERT_EQ(0, symlink("/opt/xen-thaw-helper", helper));
	EXPECT_STREQ("root/usr/lib/xen/bin/libxl-save-helper", stock_find());
	ASSERT_EQ(0, unlink(helper));
	ASSERT_EQ(0, rmdir(dir));
}

TEST_F(stock, all_places)
{
	glob_t list;

	EXPECT_EQ(-1, stock_list(&list));
	globfree(&list);
	put_helper("/usr/lib64/xen/bin");
	put_helper("/usr/lib/xen-4.20/bin");
	put_helper("/usr/lib/xen-4.17/bin");
	ASSERT_EQ(0, stock_list(&list));
	ASSERT_EQ(3, list.gl_pathc);
	EXPECT_STREQ("root/usr/lib/xen-4.17/bin/libxl-save-helper", list.gl_pathv[0]);
	EXPECT_STREQ("root/usr/lib/xen-4.20/bin/libxl-save-helper", list.gl_pathv[1]);
	EXPECT_STREQ("root/usr/lib64/xen/bin/libxl-save-helper", list.gl_pathv[2]);
	EXPECT_FALSE(stock_is_replaced(list.gl_pathv[0]));
	globfree(&list);
}

/* Writes out which signals a process ignores and blocks, and exits with 3. */
#define SHOW	"grep -E '^Sig(Ign|Blk)' /proc/self/status >out; exit 3"

static unsigned long long mask_of(const char *name)
{
	unsigned long long mask = ~0ULL;
	char line[64];
	FILE *f = fopen("out", "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			sscanf(line + strlen(name), ": %llx", &mask);
	if (f)
		fclose(f);
	return mask;
}

TEST_F(stock, child_has_our_signals)
{
	char *show_argv[4] = { "sh", "-c", SHOW, NULL };

	ASSERT_EQ(0, stock_spawn("/bin/sh", show_argv, -1, -1, NULL, NULL));
	EXPECT_GE(stock_pidfd(), 0);
	EXPECT_EQ(3, stock_exit_like(stock_wait()));
	EXPECT_EQ(0, mask_of("SigIgn") & 1ULL << (SIGPIPE - 1));
	EXPECT_EQ(0, mask_of("SigBlk"));
}

/* If the child fails, our process becomes the stock helper itself. */
TEST_F(stock, second_has_our_signals)
{
	char *sleep_argv[3] = { "sleep", "100", NULL };
	char *show_argv[4] = { "sh", "-c", SHOW, NULL };
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (stock_spawn("/bin/sleep", sleep_argv, -1, -1, NULL, NULL))
			_exit(9);
		stock_kill();
		stock_exec("/bin/sh", show_argv);
		_exit(9);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(3, WEXITSTATUS(status));
	EXPECT_EQ(0, mask_of("SigIgn") & 1ULL << (SIGPIPE - 1));
	EXPECT_EQ(0, mask_of("SigBlk"));
}

TEST_F(stock, child_ends)
{
	char *sleep_argv[3] = { "sleep", "100", NULL };

	ASSERT_EQ(0, stock_spawn("/bin/sleep", sleep_argv, -1, -1, NULL, NULL));
	EXPECT_FALSE(stock_ended_within(0));
	EXPECT_FALSE(stock_ended_within(10));
	stock_kill();
	ASSERT_EQ(0, stock_spawn("/bin/true", sleep_argv, -1, -1, NULL, NULL));
	EXPECT_TRUE(stock_ended_within(60000));
	EXPECT_EQ(0, stock_wait());
}

TEST_HARNESS_MAIN
