// SPDX-License-Identifier: GPL-2.0
/* newfile.c: the new file is complete and on disk under its name, or does not exist. */
#include "kselftest_harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "newfile.h"

/* fsync() of a directory, or of any other file, fails with this error if it is not 0. */
static int dir_error;
static int file_error;
/* unlink() of the new file fails, as if the failed fsync() had made the disk read-only. */
static bool cannot_unlink;

/* Replaces the function of the C library. */
int fsync(int fd)
{
	struct stat st;
	int error;

	error = !fstat(fd, &st) && S_ISDIR(st.st_mode) ? dir_error : file_error;
	if (!error)
		return (int)syscall(SYS_fsync, fd);
	errno = error;
	return -1;
}

/* Replaces the function of the C library. */
int unlink(const char *path)
{
	if (cannot_unlink && !strcmp(path, "out")) {
		errno = EROFS;
		return -1;
	}
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

FIXTURE(newfile)
{
	char dir[32];
	int back;
	struct newfile o;
};

FIXTURE_VARIANT(newfile)
{
	/* The file has a name from the start, as without O_TMPFILE. */
	bool named;
};

FIXTURE_VARIANT_ADD(newfile, unnamed) { .named = false };
FIXTURE_VARIANT_ADD(newfile, named) { .named = true };

FIXTURE_SETUP(newfile)
{
	strcpy(self->dir, "test_newfile.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	self->back = open(".", O_RDONLY | O_DIRECTORY);
	ASSERT_EQ(0, chdir(self->dir));
	dir_error = 0;
	file_error = 0;
	cannot_unlink = false;
}

FIXTURE_TEARDOWN(newfile)
{
	cannot_unlink = false;
	unlink("out");
	EXPECT_EQ(0, fchdir(self->back));
	/* This shows that nothing else is left in the directory. */
	EXPECT_EQ(0, rmdir(self->dir));
	close(self->back);
}

static void put(const char *text)
{
	int fd = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

/* True if the file exists and has this text. */
static bool has(const char *text)
{
	char buf[32] = "";
	int fd = open("out", O_RDONLY);
	bool same;

	if (fd < 0)
		return false;
	same = read(fd, buf, sizeof(buf) - 1) >= 0 && !strcmp(buf, text);
	close(fd);
	return same;
}

/* Writes "new" to the file. Returns what newfile_commit() returns. */
static int make(struct newfile *o, bool force, bool named)
{
	if (newfile_open(o, "out", force, NULL))
		return -2;
	if (named && !o->temp[0]) {
		close(o->fd);
		strcpy(o->temp, "./.xen-thaw.test");
		o->fd = open(o->temp, O_RDWR | O_CREAT | O_EXCL, 0600);
	}
	if (write(o->fd, "new", 3) != 3)
		return -3;
	return newfile_commit(o, NULL);
}

TEST_F(newfile, appears)
{
	ASSERT_EQ(0, make(&self->o, false, variant->named));
	EXPECT_TRUE(has("new"));
}

TEST_F(newfile, force_without_old)
{
	ASSERT_EQ(0, make(&self->o, true, variant->named));
	EXPECT_TRUE(has("new"));
}

TEST_F(newfile, replaces)
{
	put("old");
	ASSERT_EQ(0, make(&self->o, true, variant->named));
	EXPECT_TRUE(has("new"));
}

/* Another process has made a file of this name meanwhile. */
TEST_F(newfile, does_not_replace)
{
	ASSERT_EQ(0, newfile_open(&self->o, "out", false, NULL));
	put("old");
	EXPECT_EQ(-1, newfile_commit(&self->o, NULL));
	EXPECT_STREQ("File exists", self->o.error);
	EXPECT_TRUE(has("old"));
}

/* Some filesystems have no fsync() of a directory. */
TEST_F(newfile, directory_needs_no_sync)
{
	dir_error = EINVAL;
	ASSERT_EQ(0, make(&self->o, false, variant->named));
	EXPECT_TRUE(has("new"));
}

TEST_F(newfile, data_not_on_disk)
{
	file_error = EIO;
	put("old");
	EXPECT_EQ(-1, make(&self->o, true, variant->named));
	EXPECT_STREQ("Input/output error", self->o.error);
	EXPECT_TRUE(has("old"));
}

/* There is no new file, with --force or without. */
TEST_F(newfile, name_not_on_disk)
{
	int force;

	dir_error = EIO;
	for (force = 0; force < 2; force++) {
		EXPECT_EQ(-1, make(&self->o, force, variant->named));
		EXPECT_STREQ("cannot write its directory to the disk: Input/output error",
			     self->o.error);
		EXPECT_EQ(-1, access("out", F_OK));
	}
}

TEST_F(newfile, replaced_but_name_not_on_disk)
{
	dir_error = EIO;
	put("old");
	EXPECT_EQ(-1, make(&self->o, true, variant->named));
	EXPECT_STREQ("cannot write its directory to the disk: Input/output error: it has replaced the old file, which may be back after a crash",
		     self->o.error);
	EXPECT_TRUE(has("new"));
}

TEST_F(newfile, cannot_be_removed)
{
	dir_error = EIO;
	cannot_unlink = true;
	EXPECT_EQ(-1, make(&self->o, false, variant->named));
	EXPECT_STREQ("cannot write its directory to the disk: Input/output error: it is there, but may be gone after a crash",
		     self->o.error);
	EXPECT_TRUE(has("new"));
}

TEST_HARNESS_MAIN
