// SPDX-License-Identifier: GPL-2.0
/*
 * XEN_THAW_FILL_DIRECT: which files it refuses, extents in any order, and which
 * pages of the file stay in the page cache. The programs for sources, faults, read
 * errors, threads and leaks have variants for it, too.
 */

#include <sys/mman.h>

#include "fill_call.h"
#include "list.h"
#include "thaw_test.h"

#define NR		2048U
#define IMAGE_PAGES	(NR + 1)
#define IMAGE_SIZE	(IMAGE_PAGES * THAW_PAGE_SIZE)

FIXTURE(direct) {
	int dev;
	struct domain d;
	struct image img;
	struct list l;
};

FIXTURE_SETUP(direct)
{
	const char *where = getenv("THAW_EXT4");

	if (!where)
		SKIP(return, "THAW_EXT4 is not set");
	OPEN_THAW(self->dev);
	ASSERT_EQ(0, domain_create(&self->d, DOMAIN_PVH, NR));
	ASSERT_EQ(0, image_create(&self->img, where, IMAGE_SIZE));
	ASSERT_EQ(0, image_drop_cache(&self->img));
	self->img.direct = true;
	list_init(&self->l, self->dev, &self->d, &self->img);
}

FIXTURE_TEARDOWN(direct)
{
	list_free(&self->l);
	image_free(&self->img);
	domain_destroy(&self->d);
	close(self->dev);
}

/* Counts cached pages of the image from a given one on; -1 on failure. */
static int cached_pages(const struct image *img, unsigned int first, unsigned int nr)
{
	unsigned char vec[IMAGE_PAGES];
	int pages = 0;
	unsigned int i;
	void *map;

	map = mmap(NULL, IMAGE_SIZE, PROT_READ, MAP_SHARED, img->fd, 0);
	if (map == MAP_FAILED)
		return -1;
	if (mincore(map, IMAGE_SIZE, vec))
		pages = -1;
	munmap(map, IMAGE_SIZE);
	for (i = first; pages >= 0 && i < first + nr; i++)
		pages += vec[i] & 1;
	return pages;
}

/* Reads exactly these pages of the image into the page cache. */
static int warm(const struct image *img, unsigned int first, unsigned int nr)
{
	static char page[THAW_PAGE_SIZE];

	if (posix_fadvise(img->fd, 0, 0, POSIX_FADV_RANDOM))
		return -1;
	for (; nr; nr--, first++)
		if (pread(img->fd, page, sizeof(page), first * THAW_PAGE_SIZE) != sizeof(page))
			return -1;
	return 0;
}

TEST_F(direct, page_cache_stays_cold)
{
	ASSERT_EQ(0, cached_pages(&self->img, 0, IMAGE_PAGES));
	list_add(&self->l, 0, 0, NR);
	EXPECT_TRUE(list_fill_right(&self->l));
	list_add(&self->l, 8, 0, NR);
	EXPECT_TRUE(list_fill_right(&self->l));
	EXPECT_EQ(0, cached_pages(&self->img, 0, IMAGE_PAGES));

	/* This shows that cached() works: after a normal fill the pages are cached. */
	self->img.direct = false;
	list_add(&self->l, 8, 0, NR);
	EXPECT_TRUE(list_fill_right(&self->l));
	EXPECT_EQ(IMAGE_PAGES, cached_pages(&self->img, 0, IMAGE_PAGES));
}

TEST_F(direct, page_cache_stays_warm)
{
	ASSERT_EQ(0, warm(&self->img, 500, 1000));
	ASSERT_EQ(1000, cached_pages(&self->img, 500, 1000));
	list_add(&self->l, 8, 0, NR);
	EXPECT_TRUE(list_fill_right(&self->l));
	EXPECT_EQ(1000, cached_pages(&self->img, 500, 1000));
	EXPECT_EQ(1000, cached_pages(&self->img, 0, IMAGE_PAGES));
}

/* The image is written, but not yet on the disk. */
TEST_F(direct, dirty_pages)
{
	const size_t at = 300 * THAW_PAGE_SIZE + 100, len = 9 * THAW_PAGE_SIZE;

	memset(self->img.data + at, 0x99, len);
	ASSERT_EQ(len, pwrite(self->img.fd, self->img.data + at, len, at));
	list_add(&self->l, 1, 0, NR);
	EXPECT_TRUE(list_fill_right(&self->l));
}

/* Extents go forwards and backwards and overlap. Gaps of all sizes and zeros lie between. */
TEST_F(direct, extents_in_any_order)
{
	uint64_t x = 88172645463325252;
	unsigned int index = 0, round;

	for (round = 0; round < 10; round++) {
		while (index < NR) {
			unsigned int nr;

			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			nr = 1 + x % (round % 2 ? 300 : 5);
			if (nr > NR - index)
				nr = NR - index;
			if (x >> 20 & 3)
				list_add(&self->l, (x >> 24) % (IMAGE_SIZE - nr * THAW_PAGE_SIZE),
					 index, nr);
			else
				list_add_zero(&self->l, index, nr);
			index += nr;
		}
		ASSERT_TRUE(list_fill_right(&self->l)) {
			TH_LOG("round %u", round);
		}
		index = 0;
	}
}

/* Extents have small gaps like records of a save file. The gaps are read with the data. */
TEST_F(direct, records)
{
	unsigned int at;

	for (at = 0; at < NR - 256; at += 256)
		list_add(&self->l, at * THAW_PAGE_SIZE + at / 256 * 2072 + 8, at, 256);
	EXPECT_TRUE(list_fill_right(&self->l));
	EXPECT_EQ(0, cached_pages(&self->img, 0, IMAGE_PAGES));
}

TEST_F(direct, only_zeros)
{
	list_add_zero(&self->l, 0, NR);
	EXPECT_TRUE(list_fill_right(&self->l));
}

/* The size of the file is not a multiple of a page, or of a sector. */
TEST_F(direct, odd_end)
{
	static const unsigned int sizes[] = { 4096, 4097, 5000, 8191, 512 * 1024 + 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		image_free(&self->img);
		ASSERT_EQ(0, image_create(&self->img, getenv("THAW_EXT4"), sizes[i]));
		ASSERT_EQ(0, image_drop_cache(&self->img));
		self->img.direct = true;
		list_add(&self->l, sizes[i] - THAW_PAGE_SIZE, 7, 1);
		EXPECT_TRUE(list_fill_right(&self->l));

		list_add(&self->l, sizes[i] - THAW_PAGE_SIZE + 1, 7, 1);
		EXPECT_EQ(ENODATA, list_fill(&self->l, FIRST_REF, ALL_REFS));
		EXPECT_EQ(0, self->l.args.hypercalls);
		list_clear(&self->l);
	}
}

FIXTURE(refused) {
	int dev;
	struct fill_call call;
};

/* Files that are not read directly. */
FIXTURE_VARIANT(refused) {
	const char *where;
};

FIXTURE_VARIANT_ADD(refused, memfd) { .where = NULL };
FIXTURE_VARIANT_ADD(refused, tmpfs) { .where = "THAW_TMPFS" };
FIXTURE_VARIANT_ADD(refused, huge_tmpfs) { .where = "THAW_HUGE_TMPFS" };
FIXTURE_VARIANT_ADD(refused, journalled) { .where = "THAW_JOURNALLED" };

FIXTURE_SETUP(refused)
{
	if (variant->where && !getenv(variant->where))
		SKIP(return, "%s is not set", variant->where);
	OPEN_THAW(self->dev);
	ASSERT_EQ(0, fill_call_init(&self->call, self->dev));
	if (variant->where) {
		close(self->call.file);
		self->call.file = open(getenv(variant->where), O_RDWR | O_TMPFILE, 0600);
		ASSERT_GE(self->call.file, 0);
		ASSERT_EQ(0, ftruncate(self->call.file, CALL_FILE_SIZE));
		self->call.args.fd = self->call.file;
	}
}

FIXTURE_TEARDOWN(refused)
{
	fill_call_free(&self->call);
	close(self->dev);
}

TEST_F(refused, by_the_file)
{
	EXPECT_TRUE(fill_accepted(&self->call));
	self->call.args.flags = XEN_THAW_FILL_DIRECT;
	EXPECT_EQ(EOPNOTSUPP, fill_refused(&self->call));
}

/* These files are refused even if there is nothing to read. */
TEST_F(refused, zeros)
{
	unsigned int i;

	for (i = 0; i < CALL_EXTENTS; i++) {
		self->call.extents[i].offset = 0;
		self->call.extents[i].flags = XEN_THAW_EXTENT_ZERO;
	}
	self->call.args.flags = XEN_THAW_FILL_DIRECT;
	EXPECT_EQ(EOPNOTSUPP, fill_refused(&self->call));
}

TEST_HARNESS_MAIN
