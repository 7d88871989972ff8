// SPDX-License-Identifier: GPL-2.0
/* Hostile images. */
#include "kselftest_harness.h"

#include "image.h"
#include "plan.h"
#include "runs.h"
#include "savefile.h"

FIXTURE(hostile)
{
	struct image img;
	struct savefile f;
	struct plan p;
	uint64_t seed;
	int fd;
};

FIXTURE_SETUP(hostile)
{
	memset(self, 0, sizeof(*self));
	self->fd = -1;
	self->seed = 1;
}

FIXTURE_TEARDOWN(hostile)
{
	plan_free(&self->p);
	close(self->fd);
	image_free(&self->img);
}

/* xorshift64, so that a seed gives the same numbers everywhere. */
static uint32_t rnd(struct _test_data_hostile *self, uint32_t below)
{
	self->seed ^= self->seed << 13;
	self->seed ^= self->seed >> 7;
	self->seed ^= self->seed << 17;
	return (uint32_t)(self->seed >> 32) % below;
}

/* Returns a random offset, nearly always in the headers and lists, not in the data. */
static size_t random_offset(struct _test_data_hostile *self)
{
	const struct image *img = &self->img;
	size_t at;

	do {
		at = rnd(self, (uint32_t)img->len - 4);
	} while (at > img->libxc + 120 && at < img->pages - 100 &&
		 rnd(self, 100));
	return at;
}

/* The reader ends with a plan or with an error. */
static bool ends_well(struct _test_data_hostile *self)
{
	struct stream *s = &self->f.stream;
	bool well;
	int ret = savefile_open(&self->f, self->fd, "test");

	if (ret)
		return ret == -1 && !strncmp(s->error, "offset ", 7);
	ret = plan_build(&self->p, s);
	if (ret)
		well = !strncmp(s->error, "offset ", 7);
	else
		well = self->p.end < self->img.len;
	plan_free(&self->p);
	return well;
}

TEST_F_TIMEOUT(hostile, mutated, 300)
{
	uint32_t round;
	size_t at;

	image_file_head(&self->img);
	image_hvm_head(&self->img);
	image_page_range(&self->img, PFN_NOTAB, 0, 2);
	image_page_range(&self->img, PFN_XALLOC, 1, 4);
	image_hvm_tail(&self->img);
	image_file_tail(&self->img);
	self->fd = image_file(&self->img, false);

	for (round = 0; round < 20000; round++) {
		uint32_t word = rnd(self, 3) ? rnd(self, 256) : rnd(self, ~0U);
		uint32_t n = 1 + rnd(self, 4);

		at = random_offset(self);
		ASSERT_EQ(n, pwrite(self->fd, &word, n, (off_t)at));
		ASSERT_TRUE(ends_well(self))
			TH_LOG("%u: %s", round, self->f.stream.error);
		ASSERT_EQ(4, pwrite(self->fd, self->img.buf + at, 4,
				    (off_t)at));
	}
}

/*
 * A sparse file of 4 GiB takes little disk space, and lists pfn 0 a million times.
 * The plan needs little time and memory for it.
 */
TEST_F(hostile, sparse_repeats)
{
	enum { NR = 32703, RECORDS = 32 };	/* as many as fit in a record */
	const uint32_t header[] = {
		REC_PAGE_DATA, 8 + NR * 4104, NR
	};
	unsigned int i;
	off_t offset;

	image_hvm_head(&self->img);
	offset = (off_t)self->img.len;
	self->fd = image_file(&self->img, false);
	for (i = 0; i < RECORDS; i++) {
		ASSERT_EQ(sizeof(header), pwrite(self->fd, header,
						 sizeof(header), offset));
		offset += 8 + header[1];
	}
	ASSERT_EQ(0, ftruncate(self->fd, offset + 8));

	ASSERT_EQ(0, stream_open(&self->f.stream, self->fd, "test", 0));
	ASSERT_EQ(0, plan_build(&self->p, &self->f.stream))
		TH_LOG("%s", self->f.stream.error);
	EXPECT_EQ(1, self->p.pages);
	EXPECT_EQ(1, self->p.zero_pages);
	EXPECT_EQ(0, self->p.nr_data);
}

/*
 * Each pfn is a run of its own, and the pfns come in the worst order for a list. The
 * plan still needs little time.
 */
TEST_F(hostile, single_pages)
{
	enum { NR = 1 << 20, PER_RECORD = 1 << 12 };
	uint64_t list[PER_RECORD];
	uint32_t i, j;

	image_hvm_head(&self->img);
	for (i = 0; i < NR; i += PER_RECORD) {
		for (j = 0; j < PER_RECORD; j++)
			list[j] = ENTRY(PFN_XALLOC, rnd(self, ~0U));
		image_pages(&self->img, list, PER_RECORD);
	}
	image_hvm_tail(&self->img);
	self->fd = image_file(&self->img, false);
	ASSERT_EQ(0, stream_open(&self->f.stream, self->fd, "test", 0));
	ASSERT_EQ(0, plan_build(&self->p, &self->f.stream))
		TH_LOG("%s", self->f.stream.error);
	EXPECT_LT(NR - 1000, self->p.pages);
	EXPECT_EQ(self->p.pages, self->p.zero_pages);
}

/* The lowest and the highest pfn take little memory: it grows with runs, not with pfns. */
TEST_F(hostile, far_apart)
{
	const uint64_t top = (UINT64_C(1) << 52) - 1;
	const uint64_t list[] = {
		ENTRY(PFN_XALLOC, top), ENTRY(PFN_NOTAB, 0),
		ENTRY(PFN_NOTAB, top / 2), ENTRY(PFN_XALLOC, 1),
	};

	image_hvm_head(&self->img);
	image_pages(&self->img, list, ARRAY_SIZE(list));
	image_hvm_tail(&self->img);
	self->fd = image_file(&self->img, false);
	ASSERT_EQ(0, stream_open(&self->f.stream, self->fd, "test", 0));
	ASSERT_EQ(0, plan_build(&self->p, &self->f.stream))
		TH_LOG("%s", self->f.stream.error);
	EXPECT_EQ(3, self->p.nr_populate);
	EXPECT_EQ(2, self->p.nr_data);
	EXPECT_EQ(2, self->p.nr_zero);
	EXPECT_EQ(top, self->p.zero[1].gfn);
}

/* 32 GiB of entries list more gfns in a row than a run can count. */
TEST(zero_runs_beyond_32_bits)
{
	const uint64_t nr = (UINT64_C(1) << 33) + 50;
	struct ranges all = { 0 };
	struct fills data = { 0 };
	struct fills zero = { 0 };
	struct plan_fill run = { .gfn = 7, .offset = 4096, .nr = 1 };

	ASSERT_EQ(0, ranges_add(&all, 0, nr));
	ASSERT_EQ(0, fills_add(&data, &run));
	ASSERT_EQ(0, fills_add_rest(&zero, &all, &data));
	fills_normalize_zero(&zero);
	ASSERT_EQ(4, zero.nr);
	EXPECT_EQ(0, zero.v[0].gfn);
	EXPECT_EQ(7, zero.v[0].nr);
	EXPECT_EQ(8, zero.v[1].gfn);
	EXPECT_EQ(UINT32_MAX, zero.v[1].nr);
	EXPECT_EQ(UINT32_MAX, zero.v[2].nr);
	EXPECT_EQ(nr, zero.v[3].gfn + zero.v[3].nr);
	free(all.v);
	free(data.v);
	free(zero.v);
}

TEST_HARNESS_MAIN
