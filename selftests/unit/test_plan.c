// SPDX-License-Identifier: GPL-2.0
/*
 * Compares plan_build() with a model that knows single pages only. COMPACT_MIN is 64
 * here, so that small images compact their runs, too.
 */
#include "kselftest_harness.h"

#include "image.h"
#include "plan.h"

/* A guest of the model has at most this many gfns, counted from a base. */
#define GFNS		512

/* The page of a gfn after a restore, by the model or by a plan. */
struct page {
	uint64_t offset;	/* of its data in the file */
	bool populated;
	bool data;
	bool zero;
};

FIXTURE(plan)
{
	struct image img;
	struct stream s;
	struct plan p;
	struct page want[GFNS];
	struct page got[GFNS];
	uint64_t base;
	uint64_t seed;
	bool sparse;
	int fd;
};

FIXTURE_SETUP(plan)
{
	memset(self, 0, sizeof(*self));
	self->fd = -1;
	self->seed = 1;
	image_hvm_head(&self->img);
}

FIXTURE_TEARDOWN(plan)
{
	plan_free(&self->p);
	close(self->fd);
	image_free(&self->img);
}

/* xorshift64, so that a seed gives the same numbers everywhere. */
static uint32_t rnd(struct _test_data_plan *self, uint32_t below)
{
	self->seed ^= self->seed << 13;
	self->seed ^= self->seed >> 7;
	self->seed ^= self->seed << 17;
	return (uint32_t)(self->seed >> 32) % below;
}

/* Adds a PAGE_DATA record to the image and to the model. */
static void add(struct _test_data_plan *self, const uint64_t *list, uint32_t nr)
{
	uint64_t data;
	uint32_t i;

	image_pages(&self->img, list, nr);
	data = self->img.pages + 8 + 8 + 8 * nr;
	for (i = 0; i < nr; i++) {
		uint64_t pfn = list[i] & ((UINT64_C(1) << 52) - 1);
		struct page *page = &self->want[pfn - self->base];
		unsigned int type = (unsigned int)(list[i] >> 60);

		if (type == PFN_XTAB || type == PFN_BROKEN)
			continue;
		page->populated = true;
		if (type == PFN_XALLOC)
			continue;
		page->data = true;
		page->offset = data;
		data += XT_PAGE_SIZE;
	}
}

/* True if each page of the file that has a byte of this guest page is zero. */
static bool in_hole(const struct image *img, uint64_t offset)
{
	uint64_t end = (offset + 2 * XT_PAGE_SIZE - 1) & -XT_PAGE_SIZE;
	uint64_t i;

	for (i = offset & -XT_PAGE_SIZE; i < end && i < img->len; i++) {
		if (img->buf[i])
			return false;
	}
	return true;
}

/* Completes the model when the image is complete: holes make pages zero. */
static void finish_model(struct _test_data_plan *self)
{
	unsigned int i;

	for (i = 0; i < GFNS; i++) {
		struct page *page = &self->want[i];

		if (page->data && self->sparse &&
		    in_hole(&self->img, page->offset))
			page->data = false;
		page->zero = page->populated && !page->data;
		if (!page->data)
			page->offset = 0;
	}
}

static int build(struct _test_data_plan *self)
{
	image_hvm_tail(&self->img);
	finish_model(self);
	self->fd = image_file(&self->img, self->sparse);
	if (stream_open(&self->s, self->fd, "test", 0))
		return -1;
	return plan_build(&self->p, &self->s);
}

static struct page *page_of(struct _test_data_plan *self, uint64_t gfn)
{
	return &self->got[gfn - self->base];
}

static bool got_populate(struct _test_data_plan *self)
{
	const struct plan *p = &self->p;
	uint64_t pages = 0, i;
	size_t k;

	for (k = 0; k < p->nr_populate; k++) {
		const struct plan_range *r = &p->populate[k];

		if (!r->nr || (k && r->gfn <= r[-1].gfn + r[-1].nr))
			return false;
		for (i = 0; i < r->nr; i++)
			page_of(self, r->gfn + i)->populated = true;
		pages += r->nr;
	}
	return pages == p->pages;
}

static bool got_data(struct _test_data_plan *self)
{
	const struct plan *p = &self->p;
	uint64_t i;
	size_t k;

	for (k = 0; k < p->nr_data; k++) {
		const struct plan_fill *run = &p->data[k];

		if (!run->nr || run->zero)
			return false;
		if (k && run->offset < run[-1].offset +
				       run[-1].nr * XT_PAGE_SIZE)
			return false;
		for (i = 0; i < run->nr; i++) {
			struct page *page = page_of(self, run->gfn + i);

			if (page->data)
				return false;
			page->data = true;
			page->offset = run->offset + i * XT_PAGE_SIZE;
		}
	}
	return true;
}

static bool got_zero(struct _test_data_plan *self)
{
	const struct plan *p = &self->p;
	uint64_t pages = 0, i;
	size_t k;

	for (k = 0; k < p->nr_zero; k++) {
		const struct plan_fill *run = &p->zero[k];

		if (!run->nr || !run->zero || run->offset)
			return false;
		if (k && run->gfn <= run[-1].gfn + run[-1].nr)
			return false;
		for (i = 0; i < run->nr; i++) {
			struct page *page = page_of(self, run->gfn + i);

			if (page->data || page->zero)
				return false;
			page->zero = true;
		}
		pages += run->nr;
	}
	return pages == p->zero_pages;
}

/* Returns the first gfn in which the plan and the model differ, or -1. */
static int difference(struct _test_data_plan *self)
{
	int i;

	for (i = 0; i < GFNS; i++) {
		const struct page *want = &self->want[i], *got = &self->got[i];

		if (want->populated != got->populated ||
		    want->zero != got->zero || want->data != got->data ||
		    want->offset != got->offset)
			return i;
	}
	return -1;
}

/* Checks the order that plan.h promises, and compares each page with the model. */
#define BUILD_AND_CHECK() do { \
	ASSERT_EQ(0, build(self)) TH_LOG("%s", self->s.error); \
	ASSERT_TRUE(got_populate(self)); \
	ASSERT_TRUE(got_data(self)); \
	ASSERT_TRUE(got_zero(self)); \
	ASSERT_EQ(-1, difference(self)); \
	ASSERT_EQ(self->img.len - 8, self->p.end); \
} while (0)

TEST_F(plan, empty)
{
	BUILD_AND_CHECK();
	EXPECT_EQ(0, self->p.nr_populate);
	EXPECT_EQ(0, self->p.nr_data);
	EXPECT_EQ(0, self->p.nr_zero);
	EXPECT_EQ(40, self->p.first_after_data);
	EXPECT_EQ(40, self->p.head_end);
}

/* The pfns ascend, as in a save of a paused guest. */
TEST_F(plan, ascending)
{
	uint64_t list[100];
	uint64_t i, head_end;

	for (i = 0; i < 100; i++)
		list[i] = i;
	add(self, list, 100);
	image_record(&self->img, REC_HVM_CONTEXT, NULL, 0);
	head_end = self->img.len;
	image_record(&self->img, REC_OPTIONAL | 1, NULL, 0);
	for (i = 0; i < 100; i++)
		list[i] = 100 + i;
	add(self, list, 100);
	BUILD_AND_CHECK();
	EXPECT_EQ(1, self->p.nr_populate);
	EXPECT_EQ(2, self->p.nr_data);
	EXPECT_EQ(0, self->p.nr_zero);
	EXPECT_EQ(200, self->p.pages);
	EXPECT_EQ(self->img.tail, self->p.first_after_data);
	EXPECT_EQ(head_end, self->p.head_end);
}

TEST_F(plan, types)
{
	static const uint64_t list[] = {
		ENTRY(PFN_NOTAB, 0), ENTRY(PFN_XALLOC, 1), ENTRY(PFN_XTAB, 2),
		ENTRY(PFN_BROKEN, 3), ENTRY(PFN_L1TAB, 4), ENTRY(PFN_L2TAB, 5),
		ENTRY(PFN_L3TAB, 6), ENTRY(PFN_L4TAB, 7),
		ENTRY(PFN_L1TAB_PIN, 8), ENTRY(PFN_L2TAB_PIN, 9),
		ENTRY(PFN_L3TAB_PIN, 10), ENTRY(PFN_L4TAB_PIN, 11),
	};

	add(self, list, ARRAY_SIZE(list));
	BUILD_AND_CHECK();
	EXPECT_EQ(10, self->p.pages);
	EXPECT_EQ(1, self->p.zero_pages);
}

/* A pfn gets each type after each other type. */
TEST_F(plan, type_changes)
{
	unsigned int a, b, n = 0;
	uint64_t entry;

	for (a = 0; a < 16; a++) {
		for (b = 0; b < 16; b++) {
			if ((a > 4 && a < 9) || (b > 4 && b < 9))
				continue;
			entry = ENTRY(a, n);
			add(self, &entry, 1);
			entry = ENTRY(b, n++);
			add(self, &entry, 1);
		}
	}
	BUILD_AND_CHECK();
}

/* The last data wins, even within a record. XTAB does not remove a page. */
TEST_F(plan, duplicates)
{
	static const uint64_t list[] = {
		ENTRY(PFN_NOTAB, 5), ENTRY(PFN_NOTAB, 6), ENTRY(PFN_NOTAB, 5),
		ENTRY(PFN_XTAB, 6), ENTRY(PFN_XALLOC, 5), ENTRY(PFN_BROKEN, 5),
	};

	add(self, list, ARRAY_SIZE(list));
	BUILD_AND_CHECK();
	EXPECT_EQ(2, self->p.pages);
	EXPECT_EQ(0, self->p.zero_pages);
	EXPECT_EQ(2, self->p.nr_data);
}

/* A later run lies within an earlier one, or covers it. */
TEST_F(plan, overlap)
{
	uint64_t list[30];
	uint64_t i;

	for (i = 0; i < 30; i++)
		list[i] = 100 + i;
	add(self, list, 30);
	for (i = 0; i < 10; i++)
		list[i] = 110 + i;
	add(self, list, 10);
	for (i = 0; i < 3; i++)
		list[i] = 112 + i;
	add(self, list, 3);
	for (i = 0; i < 30; i++)
		list[i] = 126 + i;
	add(self, list, 30);
	BUILD_AND_CHECK();
	EXPECT_EQ(1, self->p.nr_populate);
	EXPECT_EQ(6, self->p.nr_data);
}

/* A run disappears if a later one covers all of it. */
TEST_F(plan, superseded)
{
	uint64_t list[8];
	uint64_t i;

	for (i = 0; i < 8; i++)
		list[i] = 8 + i;
	add(self, list, 4);
	add(self, list, 8);
	BUILD_AND_CHECK();
	EXPECT_EQ(1, self->p.nr_data);
	EXPECT_EQ(self->img.pages + 16 + 64, self->p.data[0].offset);
}

TEST_F(plan, descending)
{
	uint64_t entry;
	uint64_t i;

	for (i = GFNS; i-- > 0;) {
		entry = ENTRY(i % 7 ? PFN_NOTAB : PFN_XALLOC, i);
		add(self, &entry, 1);
	}
	BUILD_AND_CHECK();
	EXPECT_EQ(1, self->p.nr_populate);
}

/* The same pages come again and again, so there are many more runs than the plan keeps. */
TEST_F(plan, repeated)
{
	uint64_t list[64];
	uint32_t i, j;

	for (i = 0; i < 50; i++) {
		for (j = 0; j < 64; j++)
			list[j] = rnd(self, 100) * 2;
		add(self, list, 64);
	}
	BUILD_AND_CHECK();
}

TEST_F(plan, highest_pfns)
{
	const uint64_t top = (UINT64_C(1) << 52) - 1;
	const uint64_t list[] = { top, top - 1, top - 2, top - 1 };

	self->base = top - GFNS + 1;
	add(self, list, ARRAY_SIZE(list));
	BUILD_AND_CHECK();
	EXPECT_EQ(top - 2, self->p.populate[0].gfn);
	EXPECT_EQ(3, self->p.pages);
}

/* A page that lies wholly in a hole becomes zero. One at the edge of a hole does not. */
TEST_F(plan, holes)
{
	uint64_t list[32];
	uint32_t i;

	for (i = 0; i < 32; i++)
		list[i] = i;
	self->sparse = true;
	add(self, list, 32);
	memset(self->img.buf + self->want[4].offset, 0, 10 * XT_PAGE_SIZE);
	memset(self->img.buf + self->want[20].offset, 0, XT_PAGE_SIZE);
	BUILD_AND_CHECK();
	EXPECT_EQ(2, self->p.nr_data);
	EXPECT_EQ(1, self->p.nr_zero);
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_CUR));
}

/* plan_build() does not move the file's offset. */
TEST_F(plan, holes_keep_the_offset)
{
	static const uint64_t list[] = { 0, 1, 2, 3 };

	image_pages(&self->img, list, 4);
	memset(self->img.buf + self->img.pages + 48, 0, 4 * XT_PAGE_SIZE);
	image_hvm_tail(&self->img);
	self->fd = image_file(&self->img, true);
	ASSERT_EQ(1234, lseek(self->fd, 1234, SEEK_SET));
	ASSERT_EQ(0, stream_open(&self->s, self->fd, "test", 0));
	ASSERT_EQ(0, plan_build(&self->p, &self->s));
	EXPECT_LT(0, self->p.zero_pages);
	EXPECT_EQ(1234, lseek(self->fd, 0, SEEK_CUR));
}

/* All data is zero and out of order, so the file has holes between the lists. */
TEST_F(plan, only_holes)
{
	uint64_t list[8];
	uint32_t i, j;

	self->sparse = true;
	for (i = 0; i < 25; i++) {
		for (j = 0; j < 8; j++)
			list[j] = 8 * (i * 7 % 25) + j;
		add(self, list, 8);
		memset(self->img.buf + self->want[list[0]].offset, 0,
		       8 * XT_PAGE_SIZE);
	}
	BUILD_AND_CHECK();
	EXPECT_LE(25 * 6, self->p.zero_pages);
}

static uint32_t random_list(struct _test_data_plan *self, uint64_t *list,
			    uint32_t max)
{
	static const uint8_t types[] = {
		PFN_NOTAB, PFN_NOTAB, PFN_NOTAB, PFN_NOTAB, PFN_NOTAB,
		PFN_L1TAB, PFN_L4TAB_PIN, PFN_XALLOC, PFN_XTAB, PFN_BROKEN,
	};
	uint32_t nr = 1 + rnd(self, max), i;
	uint64_t pfn = rnd(self, GFNS);
	unsigned int type = PFN_NOTAB;

	for (i = 0; i < nr; i++) {
		if (!rnd(self, 6))
			pfn = rnd(self, GFNS);
		if (!rnd(self, 4))
			type = types[rnd(self, ARRAY_SIZE(types))];
		list[i] = ENTRY(type, self->base + pfn);
		pfn = (pfn + 1) % GFNS;
	}
	return nr;
}

/* Makes some pages of the last record zero. */
static void blank(struct _test_data_plan *self)
{
	size_t start = self->img.pages + rnd(self, 2 * XT_PAGE_SIZE) + 500;
	size_t len = rnd(self, 10 * XT_PAGE_SIZE);

	if (start >= self->img.len)
		return;
	if (len > self->img.len - start)
		len = self->img.len - start;
	memset(self->img.buf + start, 0, len);
}

TEST_F_TIMEOUT(plan, random, 300)
{
	uint64_t list[40];
	uint32_t round, records;

	for (round = 0; round < 4000; round++) {
		plan_free(&self->p);
		close(self->fd);
		image_free(&self->img);
		memset(self->want, 0, sizeof(self->want));
		memset(self->got, 0, sizeof(self->got));
		self->sparse = rnd(self, 2);
		self->base = rnd(self, 2) ? 0 : (uint64_t)rnd(self, 1000) << 30;

		image_hvm_head(&self->img);
		for (records = rnd(self, 25); records; records--) {
			add(self, list, random_list(self, list, 40));
			if (self->sparse)
				blank(self);
			if (!rnd(self, 4))
				image_record(&self->img, REC_OPTIONAL | 9,
					     "pad", rnd(self, 4));
		}
		BUILD_AND_CHECK();
	}
}

TEST_HARNESS_MAIN
