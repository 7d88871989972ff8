// SPDX-License-Identifier: GPL-2.0
/* dump_sink.c: writes a large file past the page cache, with holes for zero pages. */
#include "kselftest_harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dump_sink.h"

#define PAGE	4096UL
/* The file has more than two blocks, and its last page is incomplete. */
#define SIZE	(2560 * PAGE + 1234)

/* The next sync_file_range() fails with this error, if it is not 0. */
static int sync_error;

/* Replaces the function of the C library. */
int sync_file_range(int fd, off_t offset, off_t nr, unsigned int flags)
{
	if (sync_error) {
		errno = sync_error;
		sync_error = 0;
		return -1;
	}
	return syscall(SYS_sync_file_range, fd, offset, nr, flags);
}

FIXTURE(sink)
{
	int fd;
	uint8_t *data;
	struct dump_sink s;
};

FIXTURE_VARIANT(sink)
{
	enum cache_mode mode;
	bool behind;
};

FIXTURE_VARIANT_ADD(sink, keep) { .mode = CACHE_KEEP };
FIXTURE_VARIANT_ADD(sink, drop) { .mode = CACHE_DROP };
FIXTURE_VARIANT_ADD(sink, automatic) { .mode = CACHE_AUTO };
/* The filesystem has no O_DIRECT. */
FIXTURE_VARIANT_ADD(sink, behind) { .mode = CACHE_KEEP, .behind = true };

/* Every third page is zero, and so is a long run of pages. */
static bool is_zero_page(size_t page)
{
	return page % 3 == 1 || (page >= 700 && page < 1900);
}

FIXTURE_SETUP(sink)
{
	char path[] = "test_dump_sink.XXXXXX";
	size_t i;

	self->fd = mkstemp(path);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, unlink(path));
	self->data = calloc(1, SIZE);
	ASSERT_NE(NULL, self->data);
	srand(1);
	for (i = 0; i < SIZE; i++)
		if (!is_zero_page(i / PAGE))
			self->data[i] = rand();
	ASSERT_EQ(0, dump_sink_open(&self->s, self->fd, "out", variant->mode));
	if (variant->behind) {
		self->s.way = DUMP_BEHIND;
		writer_drop_behind(&self->s.file, CACHE_DROP);
	}
	sync_error = 0;
}

FIXTURE_TEARDOWN(sink)
{
	dump_sink_free(&self->s);
	free(self->data);
	close(self->fd);
}

/* Xen's library hands over pieces of all sizes, too. */
static int put_all(struct dump_sink *s, const uint8_t *data)
{
	size_t at, size;

	for (at = 0; at < SIZE; at += size) {
		size = rand() % 3 ? (size_t)rand() % 300 :
				    (size_t)rand() % (6 << 20);
		if (size > SIZE - at)
			size = SIZE - at;
		if (dump_sink_put(s, data + at, size))
			return -1;
	}
	return dump_sink_end(s);
}

static bool on_disk(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type != TMPFS_MAGIC &&
	       fs.f_type != OVERLAYFS_SUPER_MAGIC;
}

/* Returns the number of pages of the file in the page cache. */
static size_t resident(int fd)
{
	static unsigned char in_core[SIZE / PAGE + 1];
	void *map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	size_t i, nr = 0;

	if (map == MAP_FAILED || mincore(map, SIZE, in_core))
		return SIZE_MAX;
	for (i = 0; i < sizeof(in_core); i++)
		nr += in_core[i] & 1;
	munmap(map, SIZE);
	return nr;
}

TEST_F(sink, has_what_was_put)
{
	uint8_t *back = malloc(SIZE);
	struct stat st;

	ASSERT_EQ(0, put_all(&self->s, self->data));
	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(SIZE, st.st_size);
	/* O_DIRECT reads whole pages. */
	fcntl(self->fd, F_SETFL, O_RDWR);
	ASSERT_EQ(SIZE, pread(self->fd, back, SIZE, 0));
	EXPECT_EQ(0, memcmp(back, self->data, SIZE));
	free(back);
}

TEST_F(sink, zero_pages_are_holes)
{
	size_t page, nr = 0;
	struct stat st;

	for (page = 0; page <= SIZE / PAGE; page++)
		nr += !is_zero_page(page);
	ASSERT_EQ(0, put_all(&self->s, self->data));
	ASSERT_EQ(0, fsync(self->fd));
	ASSERT_EQ(0, fstat(self->fd, &st));
	/* The filesystem may count some blocks of its own. */
	EXPECT_LE(st.st_blocks * 512, (nr + 64) * PAGE);
}

TEST_F(sink, page_cache)
{
	size_t nr;

	if (!on_disk(self->fd))
		SKIP(return, "not a filesystem on a disk");
	ASSERT_EQ(0, put_all(&self->s, self->data));
	nr = resident(self->fd);
	EXPECT_TRUE(self->s.way == DUMP_CACHED ? nr > 900 : nr < 5)
		TH_LOG("%zu pages", nr);
}

TEST_F(sink, way)
{
	enum dump_way way = DUMP_CACHED;

	if (!on_disk(self->fd))
		SKIP(return, "not a filesystem on a disk");
	if (variant->behind)
		way = DUMP_BEHIND;
	else if (variant->mode != CACHE_KEEP)
		way = DUMP_DIRECT;
	EXPECT_EQ(way, self->s.way);
}

TEST_F(sink, empty)
{
	struct stat st;

	ASSERT_EQ(0, dump_sink_end(&self->s));
	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(0, st.st_size);
}

TEST_F(sink, ends_in_zeros)
{
	struct stat st;

	memset(self->data, 0, SIZE);
	ASSERT_EQ(0, put_all(&self->s, self->data));
	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(SIZE, st.st_size);
}

/* The kernel reports the error only once: a later fsync() succeeds. */
TEST_F(sink, disk_fails)
{
	sync_error = EIO;
	EXPECT_EQ(variant->behind ? -1 : 0, put_all(&self->s, self->data));
	if (!variant->behind)
		return;
	EXPECT_EQ(0, sync_error);
	EXPECT_STREQ("offset 0: the disk did not take what was written: Input/output error",
		     self->s.error);
}

TEST_F(sink, no_room)
{
	struct rlimit limit = { 5 << 20, 5 << 20 };

	signal(SIGXFSZ, SIG_IGN);
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &limit));
	memset(self->data, 1, SIZE);
	EXPECT_EQ(-1, put_all(&self->s, self->data));
	EXPECT_EQ(0, strcmp(self->s.error,
			    "offset 5242880: cannot write: File too large"));
}

TEST(refuses_what_cannot_be_written)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	struct dump_sink s;

	if (!on_disk(fd))
		SKIP(return, "not a filesystem on a disk");
	EXPECT_EQ(-1, dump_sink_open(&s, fd, "out", CACHE_DROP));
	EXPECT_EQ(0, strcmp(s.error, "cannot write: Bad file descriptor"));
	close(fd);
}

TEST_HARNESS_MAIN
