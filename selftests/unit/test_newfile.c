// SPDX-License-Identifier: GPL-2.0
/* A new file is whole and on disk under its name, or it is not there. */
#include "kselftest_harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "newfile.h"

/* What fsync() of a directory, or of anything else, fails with; 0: it works. */
static int dir_error;
static int file_error;
/* The directory cannot be changed any more once fsync() has failed. */
static bool then_read_only;

/* Stands before the C library's. */
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

/* Stands before the C library's. */
int unlink(const char *path)
{
	if (then_read_only && !strcmp(path, "out")) {
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
	/* It has a name from the start: as without O_TMPFILE. */
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
	then_read_only = false;
}

FIXTURE_TEARDOWN(newfile)
{
	then_read_only = false;
	unlink("out");
	EXPECT_EQ(0, fchdir(self->back));
	/* Nothing else is left in it. */
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

/* Whether the file is there, and has that in it. */
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

/* Writes "new" to it; newfile_commit()'s. */
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

/* Somebody else was faster. */
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

/* With and without --force: there is no new file. */
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
	then_read_only = true;
	EXPECT_EQ(-1, make(&self->o, false, variant->named));
	EXPECT_STREQ("cannot write its directory to the disk: Input/output error: it is there, but may be gone after a crash",
		     self->o.error);
	EXPECT_TRUE(has("new"));
}

TEST_HARNESS_MAIN
