// SPDX-License-Identifier: GPL-2.0
/*
 * XEN_THAW_FILL from each kind of file, cached and not. The environment names the
 * places of the files (see run-in-dom0). A kind that is missing is skipped.
 */

#include <sys/mman.h>

#include "list.h"
#include "thaw_test.h"

#define NR		1024U
#define IMAGE_SIZE	((NR + 1) * THAW_PAGE_SIZE)

FIXTURE(source) {
	int dev;
	struct domain d;
	struct image img;
	struct list l;
};

/* Directory or block device that an environment variable names. */
FIXTURE_VARIANT(source) {
	const char *where;
	bool cold;
	bool direct;
	bool mixed;
};

FIXTURE_VARIANT_ADD(source, tmpfs) { .where = "THAW_TMPFS" };
FIXTURE_VARIANT_ADD(source, huge_tmpfs) { .where = "THAW_HUGE_TMPFS" };
FIXTURE_VARIANT_ADD(source, ext4) { .where = "THAW_EXT4" };
FIXTURE_VARIANT_ADD(source, ext4_cold) { .where = "THAW_EXT4", .cold = true };
FIXTURE_VARIANT_ADD(source, ext4_mixed) { .where = "THAW_EXT4", .mixed = true };
FIXTURE_VARIANT_ADD(source, overlay) { .where = "THAW_OVERLAY" };
FIXTURE_VARIANT_ADD(source, overlay_cold) { .where = "THAW_OVERLAY", .cold = true };
FIXTURE_VARIANT_ADD(source, block) { .where = "THAW_BLOCK" };
FIXTURE_VARIANT_ADD(source, block_cold) { .where = "THAW_BLOCK", .cold = true };
FIXTURE_VARIANT_ADD(source, ext4_direct) { .where = "THAW_EXT4", .direct = true };
FIXTURE_VARIANT_ADD(source, overlay_direct) { .where = "THAW_OVERLAY", .direct = true };
FIXTURE_VARIANT_ADD(source, block_direct) { .where = "THAW_BLOCK", .direct = true };
FIXTURE_VARIANT_ADD(source, block_mixed) { .where = "THAW_BLOCK", .mixed = true };

FIXTURE_SETUP(source)
{
	const char *where = getenv(variant->where);

	if (!where)
		SKIP(return, "%s is not set", variant->where);
	OPEN_THAW(self->dev);
	ASSERT_EQ(0, domain_create(&self->d, DOMAIN_PVH, NR));
	ASSERT_EQ(0, image_create(&self->img, where, IMAGE_SIZE));
	self->img.direct = variant->direct;
	list_init(&self->l, self->dev, &self->d, &self->img);
}

FIXTURE_TEARDOWN(source)
{
	list_free(&self->l);
	image_free(&self->img);
	domain_destroy(&self->d);
	close(self->dev);
}

static bool fill_right(FIXTURE_DATA(source) *self, const FIXTURE_VARIANT(source) *variant)
{
	if ((variant->cold || variant->mixed) && image_drop_cache(&self->img))
		return false;
	/* The runs have other lengths than the batches that the kernel looks up. */
	if (variant->mixed && image_cache_some(&self->img, 37, 100))
		return false;
	return list_fill_right(&self->l);
}

TEST_F(source, aligned)
{
	list_add(&self->l, 0, 0, NR);
	ASSERT_TRUE(fill_right(self, variant));
	EXPECT_EQ(NR, self->l.args.copy_ops);
}

TEST_F(source, unaligned)
{
	list_add(&self->l, 8, 0, NR);
	EXPECT_TRUE(fill_right(self, variant));
	list_add(&self->l, 4095, 1, NR - 1);
	EXPECT_TRUE(fill_right(self, variant));
}

TEST_F(source, pages_here_and_there)
{
	unsigned int i;

	for (i = 0; i < NR; i++)
		list_add(&self->l, i * 1237 % NR * THAW_PAGE_SIZE + i, i, 1);
	EXPECT_TRUE(fill_right(self, variant));
}

TEST_F(source, up_to_the_end)
{
	const uint64_t last = self->img.size - THAW_PAGE_SIZE;

	list_add(&self->l, last - 8 * THAW_PAGE_SIZE, 0, 9);
	list_add(&self->l, last - 1, 9, 1);
	EXPECT_TRUE(fill_right(self, variant));

	list_add(&self->l, last + 1, 10, 1);
	EXPECT_EQ(ENODATA, list_fill(&self->l, FIRST_REF, ALL_REFS));
	EXPECT_EQ(0, self->l.args.hypercalls);
}

TEST_F(source, holes)
{
	unsigned int at;

	for (at = 0; at < 64; at += 16)
		ASSERT_EQ(0, image_punch(&self->img, at * THAW_PAGE_SIZE,
					 (at / 4 + 1) * THAW_PAGE_SIZE));
	ASSERT_EQ(0, image_punch(&self->img, 100 * THAW_PAGE_SIZE, 700 * THAW_PAGE_SIZE));
	list_add(&self->l, 0, 0, 100);
	list_add(&self->l, 8, 100, NR - 100);
	EXPECT_TRUE(fill_right(self, variant));
}

/* Zeros are skipped wherever they come from, and nothing else is. */
TEST_F(source, skip_zeros)
{
	unsigned int at;

	for (at = 0; at < NR; at += 32)
		ASSERT_EQ(0, image_punch(&self->img, at * THAW_PAGE_SIZE,
					 (at / 64 + 1) * THAW_PAGE_SIZE));
	list_add_skip_zero(&self->l, 0, 0, NR);
	EXPECT_LT(NR / 4, self->l.skipped);
	EXPECT_TRUE(fill_right(self, variant));
	list_add_skip_zero(&self->l, 8, 0, NR);
	EXPECT_TRUE(fill_right(self, variant));
}

/* A store through a mapping is seen, whether it is written back or not. */
TEST_F(source, mapping)
{
	unsigned char *map;

	map = mmap(NULL, IMAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, self->img.fd, 0);
	ASSERT_NE(MAP_FAILED, (void *)map);
	memset(map + 10000, 0x77, 20000);
	memset(self->img.data + 10000, 0x77, 20000);
	list_add(&self->l, 1, 0, 20);
	EXPECT_TRUE(fill_right(self, variant));
	munmap(map, IMAGE_SIZE);
}

/* The file is open for direct I/O: the page cache is not used. */
TEST_F(source, direct)
{
	char path[64];
	int fd;

	fsync(self->img.fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->img.fd);
	fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		SKIP(return, "O_DIRECT: %s", strerror(errno));
	close(self->img.fd);
	self->img.fd = fd;
	list_add(&self->l, 0, 0, NR);
	EXPECT_TRUE(fill_right(self, variant));
}

TEST_HARNESS_MAIN
