// SPDX-License-Identifier: GPL-2.0
/* Runs of PAGE_DATA, and the search for a pfn. */
#include "kselftest_harness.h"

#include "image.h"

#define MAX_RUNS	64

FIXTURE(runs)
{
	struct image img;
	struct stream s;
	struct stream_record rec;
	struct page_run runs[MAX_RUNS];
	unsigned int nr;
	unsigned int stop_at;
	int fd;
};

FIXTURE_SETUP(runs)
{
	memset(self, 0, sizeof(*self));
	self->fd = -1;
	image_libxc(&self->img, 3, STREAM_GUEST_HVM);
}

FIXTURE_TEARDOWN(runs)
{
	close(self->fd);
	image_free(&self->img);
}

static int keep(void *arg, const struct page_run *run)
{
	struct _test_data_runs *self = arg;

	if (self->nr < MAX_RUNS)
		self->runs[self->nr] = *run;
	return ++self->nr == self->stop_at ? 7 : 0;
}

/* Gets the runs of the only record. */
static int get_runs(struct _test_data_runs *self)
{
	self->nr = 0;
	close(self->fd);
	self->fd = image_file(&self->img, false);
	if (stream_open(&self->s, self->fd, "test", 0) ||
	    stream_next(&self->s, &self->rec))
		return -1;
	return stream_page_runs(&self->s, &self->rec, keep, self);
}

static uint64_t fill_at(const struct image *img, uint64_t offset)
{
	uint64_t fill;

	memcpy(&fill, img->buf + offset, sizeof(fill));
	return fill;
}

static bool known(unsigned int type)
{
	return type < 5 || type > 8;
}

TEST_F(runs, one)
{
	image_page_range(&self->img, PFN_NOTAB, 0x1234, 1024);
	ASSERT_EQ(0, get_runs(self)) TH_LOG("%s", self->s.error);
	ASSERT_EQ(1, self->nr);
	EXPECT_EQ(0x1234, self->runs[0].pfn);
	EXPECT_EQ(1024, self->runs[0].nr);
	EXPECT_EQ(PFN_NOTAB, self->runs[0].type);
	EXPECT_EQ(1, self->runs[0].has_data);
	EXPECT_EQ(self->rec.body + 8 + 8 * 1024, self->runs[0].offset);
}

/* Each pair of types is split into two runs. A run has data if its type has. */
TEST_F(runs, types)
{
	unsigned int a, b, i;
	uint64_t fill;

	for (a = 0; a < 16; a++) {
		for (b = 0; b < 16; b++) {
			const uint64_t list[] = {
				ENTRY(a, 10), ENTRY(b, 11), ENTRY(PFN_NOTAB, 12)
			};

			if (!known(a) || !known(b))
				continue;
			image_free(&self->img);
			image_libxc(&self->img, 3, STREAM_GUEST_PV);
			image_pages(&self->img, list, 3);
			ASSERT_EQ(0, get_runs(self))
				TH_LOG("%u %u: %s", a, b, self->s.error);
			ASSERT_EQ(1U + (a != b) + (b != PFN_NOTAB), self->nr);
			EXPECT_EQ(a, self->runs[0].type);
			for (i = 0, fill = 0; i < self->nr; i++) {
				struct page_run *run = &self->runs[i];

				EXPECT_EQ(run->type < 0xd, run->has_data);
				if (!run->has_data) {
					EXPECT_EQ(0, run->offset);
					continue;
				}
				EXPECT_EQ(fill, fill_at(&self->img,
							run->offset));
				fill += run->nr;
			}
			EXPECT_EQ(self->img.fill, fill);
		}
	}
}

TEST_F(runs, not_consecutive)
{
	static const uint64_t list[] = { 5, 5, 4, 3, 10, 11, 13 };
	static const uint32_t nrs[] = { 1, 1, 1, 1, 2, 1 };
	unsigned int i;

	image_pages(&self->img, list, ARRAY_SIZE(list));
	ASSERT_EQ(0, get_runs(self)) TH_LOG("%s", self->s.error);
	ASSERT_EQ(ARRAY_SIZE(nrs), self->nr);
	for (i = 0; i < self->nr; i++)
		EXPECT_EQ(nrs[i], self->runs[i].nr);
}

/* No run goes from the highest pfn on to pfn 0. */
TEST_F(runs, highest_pfn)
{
	const uint64_t top = (UINT64_C(1) << 52) - 1;
	const uint64_t list[] = { top - 1, top, 0, 1 };

	image_pages(&self->img, list, ARRAY_SIZE(list));
	ASSERT_EQ(0, get_runs(self)) TH_LOG("%s", self->s.error);
	ASSERT_EQ(2, self->nr);
	EXPECT_EQ(top - 1, self->runs[0].pfn);
	EXPECT_EQ(2, self->runs[0].nr);
	EXPECT_EQ(0, self->runs[1].pfn);
}

/* Xen's format says: "Reserved fields ... must be ignored during restore". So are bits 59-52. */
TEST_F(runs, reserved_ignored)
{
	const uint64_t list[] = { UINT64_C(0xff) << 52 | 1, 2 };

	image_pages(&self->img, list, ARRAY_SIZE(list));
	image_put32(&self->img, self->img.pages + 12, 0xdeadbeef);
	image_put32(&self->img, 20, 0xdeadbeef);
	ASSERT_EQ(0, get_runs(self)) TH_LOG("%s", self->s.error);
	ASSERT_EQ(1, self->nr);
	EXPECT_EQ(1, self->runs[0].pfn);
	EXPECT_EQ(2, self->runs[0].nr);
}

TEST_F(runs, callback_ends_the_walk)
{
	static const uint64_t list[] = { 1, 3, 5, 7 };

	image_pages(&self->img, list, ARRAY_SIZE(list));
	self->stop_at = 2;
	EXPECT_EQ(7, get_runs(self));
	EXPECT_EQ(2, self->nr);
}

/* The whole record is checked before the first call. */
TEST_F(runs, checked_first)
{
	static const uint64_t list[] = { 1, 3, 5, 7 };

	image_pages(&self->img, list, ARRAY_SIZE(list));
	image_put32(&self->img, self->img.pages + 44, 0x50000000);
	EXPECT_EQ(-1, get_runs(self));
	EXPECT_EQ(0, self->nr);
}

/* The longest possible record has 16,777,215 entries. */
TEST_F(runs, longest_record)
{
	image_page_range(&self->img, PFN_XALLOC, 0, (128U << 20) / 8 - 1);
	ASSERT_EQ(0, get_runs(self)) TH_LOG("%s", self->s.error);
	EXPECT_EQ(128U << 20, self->rec.length);
	ASSERT_EQ(1, self->nr);
	EXPECT_EQ((128U << 20) / 8 - 1, self->runs[0].nr);
}

TEST_F(runs, find_pfn)
{
	size_t first, second;
	uint64_t offset = 0;
	uint64_t next;

	image_page_range(&self->img, PFN_NOTAB, 0, 3);
	first = self->img.pages;
	image_record(&self->img, REC_OPTIONAL | 5, "odd", 3);
	image_page_range(&self->img, PFN_XALLOC, 2, 3);
	second = self->img.pages;
	image_record(&self->img, REC_END, NULL, 0);
	ASSERT_EQ(0, get_runs(self)) TH_LOG("%s", self->s.error);
	next = self->s.next;

	EXPECT_EQ(0, stream_find_pfn(&self->s, 0, &offset));
	EXPECT_EQ(first, offset);
	EXPECT_EQ(0, stream_find_pfn(&self->s, 2, &offset));
	EXPECT_EQ(first, offset);
	EXPECT_EQ(0, stream_find_pfn(&self->s, 4, &offset));
	EXPECT_EQ(second, offset);
	EXPECT_EQ(-1, stream_find_pfn(&self->s, 5, &offset));
	EXPECT_EQ(second, offset);
	EXPECT_EQ(next, self->s.next);
	EXPECT_STREQ("", self->s.error);
}

/* In a damaged stream, a pfn before the damage is found. */
TEST_F(runs, find_pfn_damaged)
{
	uint64_t offset = 0;

	image_page_range(&self->img, PFN_NOTAB, 0, 3);
	image_record_header(&self->img, REC_PAGE_DATA, 1234);
	ASSERT_EQ(0, get_runs(self)) TH_LOG("%s", self->s.error);
	EXPECT_EQ(0, stream_find_pfn(&self->s, 1, &offset));
	EXPECT_EQ(-1, stream_find_pfn(&self->s, 3, &offset));
}

TEST_HARNESS_MAIN
