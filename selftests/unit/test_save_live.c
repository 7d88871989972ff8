// SPDX-License-Identifier: GPL-2.0
/*
 * A live save sends pages again. The file has each of them once, with its last contents
 * and type: stock restores the same guest from it as from the stream.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "kselftest_harness.h"

#include "guest.h"
#include "saving.h"
#include "verify.h"

FIXTURE(live)
{
	struct saving t;
	struct guest before;
	struct guest after;
	struct verify v;
	int in;
};

FIXTURE_SETUP(live)
{
	saving_init(&self->t);
	self->t.live = true;
	self->in = -1;
}

FIXTURE_TEARDOWN(live)
{
	saving_free(&self->t);
	close(self->in);
}

/* Pages with contents. */
static uint32_t nr_with_data(const struct guest *g)
{
	uint32_t nr = 0;
	size_t i;

	for (i = 0; i < GUEST_PFNS; i++)
		nr += g->pages[i].has_data;
	return nr;
}

/* Returns NULL if stock restores our file like the stream, and it has no page twice. */
static const char *save_and_compare(struct _test_data_live *self)
{
	const char *why = saving_compare(&self->t, &self->in, &self->before, &self->after);

	if (why)
		return why;
	if (self->after.nr_data != nr_with_data(&self->after))
		return "pages that are in the file twice";
	if (verify_file(&self->v, self->t.out, "out"))
		return self->v.file.stream.error;
	if (self->v.nr_summed != self->t.job.nr_pages ||
	    self->v.summed_bytes != self->t.job.end)
		return "without checksum";
	return NULL;
}

static uint64_t blocks(int fd)
{
	struct stat st = { 0 };

	fstat(fd, &st);
	return (uint64_t)st.st_blocks;
}

/* The rounds of a writer: all pages, then some, then others, and new ones between. */
TEST_F(live, rounds)
{
	saving_begin(&self->t);
	image_page_range(&self->t.img, PFN_NOTAB, 0, 1024);
	image_page_range(&self->t.img, PFN_NOTAB, 1100, 900);
	image_page_range(&self->t.img, PFN_NOTAB, 500, 700);
	image_page_range(&self->t.img, PFN_NOTAB, 1023, 2);
	image_page_range(&self->t.img, PFN_NOTAB, 1000, 200);
	saving_end(&self->t);
	ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%s", self->t.job.error);
	EXPECT_EQ(2000, self->t.job.nr_pages);
	/* The third record brings 76 new pages; all others come again. */
	EXPECT_EQ(700 - 76 + 2 + 200, self->t.job.nr_again);
	EXPECT_EQ(3, self->t.job.nr_records);
}

/* A record without one new page makes no record. */
TEST_F(live, nothing_new)
{
	unsigned int i;

	saving_begin(&self->t);
	for (i = 0; i < 5; i++)
		image_page_range(&self->t.img, PFN_NOTAB, 3, 300);
	saving_end(&self->t);
	ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%s", self->t.job.error);
	EXPECT_EQ(1, self->t.job.nr_records);
	EXPECT_EQ(300, self->t.job.nr_pages);
	EXPECT_EQ(1200, self->t.job.nr_again);
}

/* Data becomes a hole, a hole becomes data, and back. */
TEST_F(live, zero_and_back)
{
	uint64_t before, pfn;

	self->t.dir = ".";
	saving_begin(&self->t);
	image_page_range(&self->t.img, PFN_NOTAB, 0, 400);
	saving_end(&self->t);
	ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%s", self->t.job.error);
	/* The first page of an image is zero. */
	ASSERT_EQ(1, self->t.job.nr_zero);
	before = blocks(self->t.out);

	saving_begin(&self->t);
	image_page_range(&self->t.img, PFN_NOTAB, 0, 400);
	for (pfn = 100; pfn < 300; pfn++) {
		image_page_range(&self->t.img, PFN_NOTAB, pfn, 1);
		saving_zero_last_page(&self->t.img);
	}
	image_page_range(&self->t.img, PFN_NOTAB, 0, 1);
	image_page_range(&self->t.img, PFN_NOTAB, 100, 20);
	for (pfn = 110; pfn < 115; pfn++) {
		image_page_range(&self->t.img, PFN_NOTAB, pfn, 1);
		saving_zero_last_page(&self->t.img);
		image_page_range(&self->t.img, PFN_NOTAB, pfn, 1);
		saving_zero_last_page(&self->t.img);
	}
	saving_end(&self->t);
	ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%s", self->t.job.error);
	EXPECT_EQ(185, self->t.job.nr_zero);
	EXPECT_EQ(400, self->t.job.nr_pages);
	EXPECT_LT(blocks(self->t.out), before - 150 * 8);
}

/* A page whose sum is that of a zero page need not be zero: a guest can choose it. */
TEST_F(live, sum_of_a_zero_page)
{
	uint32_t *last, want = thaw_zero_page_sum(), sum, crc, bit;
	uint8_t *page, unit[4];

	saving_begin(&self->t);
	image_page_range(&self->t.img, PFN_NOTAB, 5, 1);
	page = self->t.img.buf + self->t.img.len - XT_PAGE_SIZE;
	memset(page, 0, XT_PAGE_SIZE);
	page[0] = 1;
	/* CRC is linear: find the last word by its bits, from the lowest degree up. */
	last = (uint32_t *)(page + XT_PAGE_SIZE - sizeof(*last));
	sum = thaw_sum(0, page, XT_PAGE_SIZE);
	for (crc = sum ^ want, bit = 0; bit < 32; bit++) {
		/* Undo one shift of CRC32C. */
		if (crc & 0x80000000U)
			crc = (crc ^ 0x82f63b78U) << 1 | 1;
		else
			crc <<= 1;
	}
	memcpy(unit, &crc, sizeof(unit));
	memcpy(last, unit, sizeof(unit));
	ASSERT_EQ(want, thaw_sum(0, page, XT_PAGE_SIZE));
	image_page_range(&self->t.img, PFN_NOTAB, 5, 1);
	saving_end(&self->t);
	ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%s", self->t.job.error);
	EXPECT_EQ(0, self->t.job.nr_zero);
}

/* Stock never does that: a page would be in the file twice. */
TEST_F(live, twice_in_a_record)
{
	const uint64_t entries[] = { ENTRY(PFN_NOTAB, 7), ENTRY(PFN_NOTAB, 7) };
	const uint64_t bare[] = { ENTRY(PFN_NOTAB, 7), ENTRY(PFN_XTAB, 7) };

	saving_begin(&self->t);
	image_pages(&self->t.img, entries, 2);
	saving_end(&self->t);
	ASSERT_EQ(-1, saving_part(&self->t, self->t.libxc_end));
	EXPECT_NE(NULL, strstr(self->t.job.error, "pfn 0x7 is twice in a PAGE_DATA record"))
		TH_LOG("%s", self->t.job.error);

	saving_begin_pv(&self->t);
	image_pages(&self->t.img, bare, 2);
	saving_end_pv(&self->t);
	ASSERT_EQ(-1, saving_part(&self->t, self->t.libxc_end));
	EXPECT_NE(NULL, strstr(self->t.job.error, "pfn 0x7 is twice in a PAGE_DATA record"))
		TH_LOG("%s", self->t.job.error);

	/* In a record of pages that are there already it does no harm. */
	saving_begin_pv(&self->t);
	image_page_range(&self->t.img, PFN_L1TAB, 7, 1);
	image_pages(&self->t.img, bare, 2);
	saving_end_pv(&self->t);
	ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%s", self->t.job.error);
	EXPECT_EQ(PFN_XTAB, self->after.pages[7].type);
	saving_begin(&self->t);
	image_page_range(&self->t.img, PFN_NOTAB, 7, 1);
	image_pages(&self->t.img, entries, 2);
	saving_end(&self->t);
	ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%s", self->t.job.error);
}

/* An HVM guest's page keeps its contents when it comes without data. */
TEST_F(live, without_data)
{
	const uint64_t entries[] = { ENTRY(PFN_XTAB, 1), ENTRY(PFN_XALLOC, 2),
				     ENTRY(PFN_BROKEN, 3), ENTRY(PFN_XALLOC, 9) };

	saving_begin(&self->t);
	image_page_range(&self->t.img, PFN_XALLOC, 4, 2);
	image_page_range(&self->t.img, PFN_NOTAB, 0, 5);
	image_pages(&self->t.img, entries, 4);
	image_page_range(&self->t.img, PFN_NOTAB, 1, 2);
	saving_end(&self->t);
	ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%s", self->t.job.error);
	EXPECT_EQ(2, self->t.job.nr_again);
}

/* The last type counts, also where the last entry has no data. */
TEST_F(live, types)
{
	const uint64_t lists[][3] = {
		{ ENTRY(PFN_NOTAB, 1), ENTRY(PFN_L1TAB, 2), ENTRY(PFN_XTAB, 3) },
		{ ENTRY(PFN_L4TAB_PIN, 1), ENTRY(PFN_NOTAB, 2), ENTRY(PFN_L2TAB, 3) },
		{ ENTRY(PFN_XTAB, 1), ENTRY(PFN_XTAB, 2), ENTRY(PFN_BROKEN, 3) },
		{ ENTRY(PFN_NOTAB, 4), ENTRY(PFN_L3TAB, 2), ENTRY(PFN_XALLOC, 3) },
	};
	unsigned int i;

	saving_begin_pv(&self->t);
	for (i = 0; i < 4; i++)
		image_pages(&self->t.img, lists[i], 3);
	saving_end_pv(&self->t);
	ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%s", self->t.job.error);
	EXPECT_EQ(PFN_XTAB, self->after.pages[1].type);
	EXPECT_EQ(PFN_L3TAB, self->after.pages[2].type);
	EXPECT_EQ(PFN_XALLOC, self->after.pages[3].type);
	EXPECT_EQ(4, self->t.job.nr_pages);
}

/* More of such entries than a record has. */
TEST_F(live, many_types)
{
	saving_begin_pv(&self->t);
	image_page_range(&self->t.img, PFN_L1TAB, 0, 2500);
	image_page_range(&self->t.img, PFN_XTAB, 0, 2500);
	image_page_range(&self->t.img, PFN_NOTAB, 100, 100);
	saving_end_pv(&self->t);
	ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%s", self->t.job.error);
	EXPECT_EQ(1 + 3, self->t.job.nr_records);
	EXPECT_GE(1024, self->after.most_entries == 2500 ? 1024 : self->after.most_entries);
}

/* No stock writer sends pages behind the vCPUs: they are written as they come. */
TEST_F(live, pages_behind_state)
{
	static const uint8_t body[24];

	saving_begin_pv(&self->t);
	image_page_range(&self->t.img, PFN_NOTAB, 0, 9);
	image_page_range(&self->t.img, PFN_XTAB, 2, 2);
	image_record(&self->t.img, REC_X86_TSC_INFO, body, sizeof(body));
	image_page_range(&self->t.img, PFN_NOTAB, 2, 1);
	saving_end_pv(&self->t);
	ASSERT_EQ(NULL, saving_all(&self->t));
	self->in = image_file(&self->t.img, false);
	ASSERT_EQ(NULL, guest_restore(&self->before, 0, self->in));
	ASSERT_EQ(NULL, guest_restore(&self->after, 0, self->t.out));
	ASSERT_EQ(NULL, guest_differs(&self->before, &self->after));
	EXPECT_EQ(10, self->t.job.nr_pages);
}

/* Each pfn at most once, in any order. */
static void add_random_record(struct _test_data_live *self, bool pv)
{
	uint32_t nr = 1 + saving_rnd(&self->t, 64), i, step;
	uint64_t entries[64], pfn = saving_rnd(&self->t, 200);

	step = saving_rnd(&self->t, 2) ? 1 : 67;
	for (i = 0; i < nr; i++, pfn = (pfn + step) % 200)
		entries[i] = ENTRY(saving_rnd_type(&self->t, pv), pfn);
	saving_add_record(&self->t, entries, nr);
}

TEST_F(live, random_hvm)
{
	unsigned int round, i;

	for (round = 0; round < 200; round++) {
		saving_begin(&self->t);
		for (i = saving_rnd(&self->t, 40); i; i--)
			add_random_record(self, false);
		saving_end(&self->t);
		ASSERT_EQ(NULL, save_and_compare(self))
			TH_LOG("%u: %s", round, self->t.job.error);
	}
}

TEST_F(live, random_pv)
{
	unsigned int round, i;

	for (round = 0; round < 200; round++) {
		saving_begin_pv(&self->t);
		for (i = saving_rnd(&self->t, 40); i; i--)
			add_random_record(self, true);
		saving_end_pv(&self->t);
		ASSERT_EQ(NULL, save_and_compare(self))
			TH_LOG("%u: %s", round, self->t.job.error);
	}
}

/* The guest waits at the end: nothing is dropped then, but before. */
TEST_F(live, drops_nothing_at_the_end)
{
	unsigned int i;

	self->t.dir = ".";
	self->t.mode = CACHE_DROP;
	saving_begin(&self->t);
	for (i = 0; i < 8; i++)
		image_page_range(&self->t.img, PFN_NOTAB, 1024 * i, 1024);
	saving_end(&self->t);
	ASSERT_EQ(0, saving_part(&self->t, self->t.libxc_end)) TH_LOG("%s", self->t.job.error);
	if (self->t.writer.from == UINT64_MAX)
		SKIP(return, "this filesystem does not let go of data");
	EXPECT_LT(0, self->t.writer.dropped_bytes);
	EXPECT_GT(self->t.job.end - 4 * XT_PAGE_SIZE, self->t.writer.dropped_bytes);
}

TEST_F(live, stopped)
{
	static volatile int stop = 15;

	self->t.stop = &stop;
	saving_begin(&self->t);
	image_page_range(&self->t.img, PFN_NOTAB, 0, 1024);
	saving_end(&self->t);
	ASSERT_EQ(-1, saving_part(&self->t, self->t.libxc_end));
	EXPECT_NE(NULL, strstr(self->t.job.error, "interrupted by signal 15"));
	EXPECT_FALSE(self->t.job.truncated);
}

TEST_HARNESS_MAIN
