// SPDX-License-Identifier: GPL-2.0
/*
 * page_cache.c with a file on the disk in TMPDIR (or /tmp). After a "restore", the
 * same pages of the file are in the page cache as before.
 */
#include "kselftest_harness.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "page_cache.h"

#define PAGES	4096U
#define RUNS	15U
/* Number of pages in a run, and in the gap after it. */
#define RUN	250U
#define GAP	3U

FIXTURE(drop)
{
	int fd;
	unsigned char before[PAGES];
	unsigned char after[PAGES];
	struct plan_fill fills[RUNS];
	struct plan plan;
	struct page_cache d;
};

static int open_file(void)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/test_drop.XXXXXX", dir ? dir : "/tmp");
	fd = mkstemp(path);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static int look(int fd, unsigned char *vec)
{
	void *map = mmap(NULL, PAGES * XT_PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	int err;

	if (map == MAP_FAILED)
		return -1;
	err = mincore(map, PAGES * XT_PAGE_SIZE, vec);
	munmap(map, PAGES * XT_PAGE_SIZE);
	return err;
}

static unsigned int count(const unsigned char *vec)
{
	unsigned int i, nr = 0;

	for (i = 0; i < PAGES; i++)
		nr += vec[i] & 1;
	return nr;
}

FIXTURE_SETUP(drop)
{
	char page[XT_PAGE_SIZE];
	unsigned int i;

	memset(self, 0, sizeof(*self));
	self->fd = open_file();
	ASSERT_GE(self->fd, 0);
	for (i = 0; i < PAGES; i++) {
		memset(page, i, sizeof(page));
		ASSERT_EQ(sizeof(page), write(self->fd, page, sizeof(page)));
	}
	ASSERT_EQ(0, fsync(self->fd));
	ASSERT_EQ(0, posix_fadvise(self->fd, 0, 0, POSIX_FADV_DONTNEED));
	ASSERT_EQ(0, look(self->fd, self->before));
	if (count(self->before))
		SKIP(return, "TMPDIR is on a filesystem without a disk");

	/* No run is page-aligned, as in a save file. */
	for (i = 0; i < RUNS; i++)
		self->fills[i] = (struct plan_fill){
			.gfn = i * RUN,
			.offset = (1 + i * (RUN + GAP)) * XT_PAGE_SIZE + 8,
			.nr = RUN,
		};
	self->plan.data = self->fills;
	self->plan.nr_data = RUNS;
}

FIXTURE_TEARDOWN(drop)
{
	close(self->fd);
}

static int warm(int fd, uint64_t first, uint64_t nr)
{
	char page[XT_PAGE_SIZE];

	if (posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM))
		return -1;
	for (; nr; nr--, first++)
		if (pread(fd, page, sizeof(page), first * XT_PAGE_SIZE) < 0)
			return -1;
	return posix_fadvise(fd, 0, 0, POSIX_FADV_NORMAL);
}

/* Reads a run like an engine. Return: 0 or -1. */
static int read_fill(int fd, const struct plan_fill *f)
{
	static char buf[RUN * XT_PAGE_SIZE];

	return pread(fd, buf, sizeof(buf), f->offset) == sizeof(buf) ? 0 : -1;
}

/* Return: number of groups of runs, or -1. */
static int restore(struct _test_data_drop *self)
{
	size_t i = 0, n;
	int groups = 0;

	for (i = 0; i < RUNS; i += n, groups++) {
		size_t end;

		n = page_cache_look(&self->d, &self->fills[i], RUNS - i);
		for (end = i + n; i < end; i++)
			if (read_fill(self->fd, &self->fills[i]))
				return -1;
		i -= n;
		page_cache_drop(&self->d);
	}
	return groups;
}

static void open_drop(struct _test_data_drop *self, enum cache_mode mode)
{
	look(self->fd, self->before);
	page_cache_open(&self->d, mode, self->fd, "image", &self->plan, false);
}

/**
 * struct scenario - contents of the page cache, and the expected restore
 * @warm: ranges of pages in the page cache; the last range is empty
 * @packed: the runs touch
 * @groups: expected number of groups of runs
 * @warm_runs: expected number of runs in the page cache
 */
struct scenario {
	struct plan_range warm[6];
	bool packed;
	int groups;
	unsigned int warm_runs;
};

static bool restore_leaves_no_trace(struct _test_data_drop *self, const struct scenario *sc)
{
	const struct plan_range *w;
	bool right;

	posix_fadvise(self->fd, 0, 0, POSIX_FADV_DONTNEED);
	for (w = sc->warm; w->nr; w++)
		if (warm(self->fd, w->gfn, w->nr))
			return false;
	open_drop(self, CACHE_DROP);
	right = restore(self) == sc->groups &&
		self->d.warm_pages == sc->warm_runs * RUN &&
		!strcmp(page_cache_how(&self->d), sc->warm_runs == RUNS ? "keep" : "drop-behind");
	page_cache_close(&self->d);
	look(self->fd, self->after);
	return right && !memcmp(self->before, self->after, PAGES);
}

/* Tries ten times: the kernel may evict a page at any time, or keep a page that is in use. */
static bool leaves_no_trace(struct _test_data_drop *self, const struct scenario *sc)
{
	unsigned int i;

	for (i = 0; sc->packed && i < RUNS; i++)
		self->fills[i].offset = i * RUN * XT_PAGE_SIZE;
	for (i = 0; i < 10; i++)
		if (restore_leaves_no_trace(self, sc))
			return true;
	return false;
}

TEST_F(drop, cold_file)
{
	static const struct scenario cold = { .groups = 1 };

	EXPECT_TRUE(leaves_no_trace(self, &cold));
}

TEST_F(drop, warm_file)
{
	static const struct scenario warm_file = {
		.warm = { { 0, PAGES } }, .groups = 1, .warm_runs = RUNS,
	};

	EXPECT_TRUE(leaves_no_trace(self, &warm_file));
}

/* Run 1, runs 4 to 6, a page, and the ends of two runs are in the page cache. */
TEST_F(drop, some_is_there)
{
	static const struct scenario some = {
		.warm = {
			{ 1 + RUN + GAP, RUN + 1 },
			{ 1 + 4 * (RUN + GAP), 3 * (RUN + GAP) },
			{ 1 + 9 * (RUN + GAP) + 77, 1 },
			{ 1 + 11 * (RUN + GAP) - 50, 100 },
		},
		.groups = 5,
		.warm_runs = 4,
	};

	EXPECT_TRUE(leaves_no_trace(self, &some));
}

/* The runs touch in the file, so they also touch in the list of cold ranges. */
TEST_F(drop, packed_file)
{
	static const struct scenario packed = {
		.warm = { { 7 * RUN, RUN } }, .packed = true, .groups = 3, .warm_runs = 1,
	};

	EXPECT_TRUE(leaves_no_trace(self, &packed));
}

TEST_F(drop, direct_once_refused_is_behind)
{
	look(self->fd, self->before);
	page_cache_open(&self->d, CACHE_DROP, self->fd, "image", &self->plan, true);
	EXPECT_EQ(1000, page_cache_frames(&self->d, 1000));
	EXPECT_EQ(RUNS, page_cache_look(&self->d, self->fills, RUNS));
	EXPECT_TRUE(page_cache_wants_direct(&self->d));
	page_cache_refused(&self->d, "for the test");
	EXPECT_FALSE(page_cache_wants_direct(&self->d));
	EXPECT_GT(100000, page_cache_frames(&self->d, 100000));
	EXPECT_EQ(1, restore(self));
	EXPECT_STREQ("drop-behind", page_cache_how(&self->d));
	page_cache_close(&self->d);
}

TEST_F(drop, keep_keeps)
{
	open_drop(self, CACHE_KEEP);
	EXPECT_FALSE(self->d.on);
	EXPECT_EQ(1, restore(self));
	EXPECT_STREQ("keep", page_cache_how(&self->d));
	page_cache_close(&self->d);
	ASSERT_EQ(0, look(self->fd, self->after));
	EXPECT_LT(0, count(self->after));
}

/* 16 MiB are little for any machine that runs this test. */
TEST_F(drop, auto_keeps_what_is_small)
{
	open_drop(self, CACHE_AUTO);
	EXPECT_FALSE(self->d.on);
	page_cache_close(&self->d);
}

TEST_F(drop, auto_drops_what_is_large)
{
	struct plan_fill *last = &self->fills[RUNS - 1];

	/* No file is this large, but nothing reads it here. */
	last->nr = UINT32_MAX;
	open_drop(self, CACHE_AUTO);
	EXPECT_TRUE(self->d.on);
	page_cache_close(&self->d);
}

TEST_F(drop, zero_runs_are_no_file)
{
	struct plan_fill zero[3] = { { .nr = 1, .zero = true }, { .nr = 1, .zero = true },
				     { .nr = 1, .zero = true } };

	open_drop(self, CACHE_DROP);
	EXPECT_EQ(3, page_cache_look(&self->d, zero, 3));
	EXPECT_FALSE(page_cache_wants_direct(&self->d));
	page_cache_drop(&self->d);
	EXPECT_EQ(0, self->d.warm_pages);
	EXPECT_EQ(0, self->d.behind_pages);
	page_cache_close(&self->d);
}

TEST_HARNESS_MAIN
