// SPDX-License-Identifier: GPL-2.0
/* The parts of xen-thaw-hotplug that need neither xenstore nor devices. */

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "hotplug.h"
#include "lock.h"
#include "loop.h"
#include "sharing.h"
#include "store.h"

/* lock.c is compiled for this test with this folder. */
#define LOCK_FOLDER	"lock"
#define LOCK_FILE	LOCK_FOLDER "/test"

void fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	exit(3);
}

/* No test gets there: these need xenstore. */
char *store_path(const char *fmt, ...)
{
	fatal("store_path(%s)", fmt);
}

char *store_read(char *path)
{
	fatal("store_read(%s)", path);
}

char **store_list(char *path, unsigned int *n)
{
	fatal("store_list(%s, %p)", path, (void *)n);
}

TEST(modes)
{
	static const struct {
		const char *mode;
		enum access access;
	} cases[] = {
		{ "r", ACCESS_READ }, { "ro", ACCESS_READ }, { "", ACCESS_READ },
		{ "w", ACCESS_WRITE }, { "rw", ACCESS_WRITE },
		{ "w!", ACCESS_SHARED }, { "rw!", ACCESS_SHARED },
		{ "!w", ACCESS_SHARED }, { "r!", ACCESS_READ },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		EXPECT_EQ(cases[i].access, access_of(cases[i].mode))
			TH_LOG("mode %s", cases[i].mode);
}

TEST(shared_needs_no_check)
{
	dev_t dev = 1;

	EXPECT_EQ(USER_NONE, sharing_user(&dev, 1, ACCESS_SHARED, "1"));
	EXPECT_EQ(USER_NONE, sharing_user(&dev, 0, ACCESS_WRITE, "1"));
}

TEST(loop_of_another_file)
{
	EXPECT_FALSE(loop_is_attached_to("/dev/loop-none", "/dev/null"));
	EXPECT_EQ(-ENOENT, loop_detach("/dev/loop-none"));
}

TEST(lock_leaves_no_file)
{
	struct stat st;

	lock_claim("test");
	EXPECT_EQ(0, stat(LOCK_FILE, &st));
	lock_release();
	EXPECT_NE(0, stat(LOCK_FILE, &st));
	lock_release();
}

/* The file that the first process locked is gone when the second one gets it. */
TEST(lock_waits)
{
	int fd, status, ready[2];
	char c;
	pid_t pid;

	mkdir(LOCK_FOLDER, 0755);
	fd = open(LOCK_FILE, O_RDWR | O_CREAT, 0644);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, flock(fd, LOCK_EX));
	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid) {
		close(fd);
		lock_claim("test");
		_exit(write(ready[1], "x", 1) != 1);
	}
	fcntl(ready[0], F_SETFL, O_NONBLOCK);
	usleep(50000);
	EXPECT_EQ(-1, read(ready[0], &c, 1));
	unlink(LOCK_FILE);
	close(fd);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(1, read(ready[0], &c, 1));
	/* It ended without a release; the next one is not kept waiting. */
	EXPECT_EQ(0, access(LOCK_FILE, F_OK));
	lock_claim("test");
	lock_release();
}

TEST_HARNESS_MAIN
