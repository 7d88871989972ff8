// SPDX-License-Identifier: GPL-2.0
/*
 * A save through the helper writes what stock writes as it comes. Stock restores the
 * same guest from the result.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include "kselftest_harness.h"

#include "guest.h"
#include "saving.h"
#include "verify.h"

FIXTURE(save)
{
	struct saving t;
	struct guest before;
	struct guest after;
	struct verify v;
	int in;
};

FIXTURE_SETUP(save)
{
	saving_init(&self->t);
	self->in = -1;
}

FIXTURE_TEARDOWN(save)
{
	saving_free(&self->t);
	close(self->in);
}

/* Returns NULL if stock restores our file like its own. */
static const char *save_and_compare(struct _test_data_save *self)
{
	const char *why = saving_compare(&self->t, &self->in, &self->before, &self->after);

	if (why)
		return why;
	if (verify_file(&self->v, self->t.out, "out"))
		return self->v.file.stream.error;
	if (self->v.nr_summed != self->t.job.nr_pages ||
	    self->v.nr_pages != self->t.job.nr_pages)
		return "pages without checksum";
	return NULL;
}

/* Returns NULL if all bytes but those of libxl after the stream have a checksum. */
static const char *all_summed(struct _test_data_save *self)
{
	if (self->v.summed_bytes != self->t.job.end)
		return "bytes without checksum";
	return NULL;
}

TEST_F(save, pvh)
{
	saving_begin(&self->t);
	image_page_range(&self->t.img, PFN_NOTAB, 0, 700);
	saving_end(&self->t);
	ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%s", self->t.job.error);
	EXPECT_EQ(NULL, all_summed(self));
	EXPECT_EQ(1, self->t.job.nr_records);
	EXPECT_EQ(700, self->t.job.nr_pages);
	EXPECT_EQ(1, self->t.job.nr_zero);
	EXPECT_EQ(0, strcmp(self->t.job.guest, "hvm"));
	EXPECT_EQ(false, self->t.job.plain);
}

/* The rest of an image whose image->buf has only xl's or libvirt's header. */
static void add_rest(struct image *img)
{
	image_libxl(img);
	image_libxl_record(img, LIBXL_REC_LIBXC_CONTEXT, NULL, 0);
	image_hvm_head(img);
	image_page_range(img, PFN_NOTAB, 7, 5);
}

TEST_F(save, any_alignment)
{
	char config[64] = "";
	size_t len;

	for (len = 0; len < 20; len++) {
		memset(config, 'x', len);
		image_free(&self->t.img);
		image_xl(&self->t.img, len ? config : NULL);
		add_rest(&self->t.img);
		saving_end(&self->t);
		ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%zu", len);
		ASSERT_EQ(NULL, all_summed(self));
	}
}

/* libvirt takes the XML up to its first NUL. */
TEST_F(save, libvirt)
{
	char xml[64] = "", saved[64];
	size_t len;

	for (len = 0; len < 20; len++) {
		memset(xml, 'x', len);
		image_free(&self->t.img);
		image_libvirt(&self->t.img, xml);
		add_rest(&self->t.img);
		saving_end(&self->t);
		ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%zu", len);
		ASSERT_EQ(NULL, all_summed(self));
		ASSERT_EQ(len + 1, pread(self->t.out, saved, len + 1, 64));
		ASSERT_STREQ(xml, saved);
	}
}

/* Records have no pages, no data, or the largest allowed number of pages. */
TEST_F(save, records_of_any_size)
{
	static const uint32_t nrs[] = { 1, 2, 255, 256, 257, 511, 1024, 1025,
					3000 };
	unsigned int i;

	for (i = 0; i < sizeof(nrs) / sizeof(nrs[0]); i++) {
		saving_begin(&self->t);
		image_page_range(&self->t.img, PFN_XTAB, 0, nrs[i]);
		image_page_range(&self->t.img, PFN_NOTAB, 1, nrs[i]);
		image_page_range(&self->t.img, PFN_XALLOC, 500, nrs[i]);
		image_page_range(&self->t.img, PFN_BROKEN, 3000, 4);
		saving_end(&self->t);
		ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%u", nrs[i]);
		ASSERT_EQ(NULL, all_summed(self));
		/* The record of absent pages is left out. */
		ASSERT_EQ(2, self->t.job.nr_records);
	}
}

TEST_F(save, no_pages)
{
	saving_begin(&self->t);
	saving_end(&self->t);
	ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%s", self->t.job.error);
	EXPECT_EQ(NULL, all_summed(self));
}

TEST_F(save, zero_pages)
{
	struct stat st;
	uint64_t pfn;

	saving_begin(&self->t);
	for (pfn = 0; pfn < 1000; pfn++) {
		image_page_range(&self->t.img, PFN_NOTAB, pfn, 1);
		if (pfn % 100 >= 40)
			saving_zero_last_page(&self->t.img);
	}
	saving_end(&self->t);
	ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%s", self->t.job.error);
	/* The first page of the image is zero, too. */
	EXPECT_EQ(601, self->t.job.nr_zero);
	ASSERT_EQ(0, fstat(self->t.out, &st));
	EXPECT_LT(st.st_blocks * 512, 1450 * XT_PAGE_SIZE);
}

/* All pages are zero, so even the data of the last record is a hole. */
TEST_F(save, nothing_but_zeros)
{
	saving_begin(&self->t);
	image_page_range(&self->t.img, PFN_NOTAB, 0, 1);
	saving_zero_last_page(&self->t.img);
	saving_end(&self->t);
	ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%s", self->t.job.error);
	EXPECT_EQ(1, self->t.job.nr_zero);
}

static void add_random_record(struct _test_data_save *self, bool pv)
{
	uint64_t entries[64];
	uint32_t nr = 1 + saving_rnd(&self->t, 64), i, type;

	for (i = 0; i < nr; i++) {
		type = saving_rnd_type(&self->t, pv);
		entries[i] = ENTRY(type, saving_rnd(&self->t, 200));
	}
	saving_add_record(&self->t, entries, nr);
}

/* A live save sends pages again: with data, as zeros, or without memory. */
TEST_F(save, random_live)
{
	unsigned int round, i;

	for (round = 0; round < 60; round++) {
		saving_begin(&self->t);
		for (i = saving_rnd(&self->t, 40); i; i--)
			add_random_record(self, false);
		saving_end(&self->t);
		ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%u", round);
		ASSERT_EQ(NULL, all_summed(self));
	}
}

/* The lists of a PV guest stay complete, because types matter. */
TEST_F(save, random_pv)
{
	unsigned int round, i;

	for (round = 0; round < 60; round++) {
		saving_begin_pv(&self->t);
		for (i = saving_rnd(&self->t, 20); i; i--)
			add_random_record(self, true);
		saving_end_pv(&self->t);
		ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%u", round);
		ASSERT_EQ(NULL, all_summed(self));
		ASSERT_EQ(0, strcmp(self->t.job.guest, "pv"));
		ASSERT_EQ(self->before.nr_page_data, self->t.job.nr_records);
	}
}

/* Other records may come between pages. No span covers them. */
TEST_F(save, records_between)
{
	static const uint8_t body[24] = { 1, 2, 3 };
	size_t len;

	for (len = 0; len < sizeof(body); len++) {
		saving_begin(&self->t);
		image_page_range(&self->t.img, PFN_NOTAB, 1, 3);
		image_record(&self->t.img, 0x80000123, body, len);
		image_page_range(&self->t.img, PFN_NOTAB, 3, 3);
		saving_end(&self->t);
		ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%zu", len);
	}
}

TEST_F(save, large)
{
	unsigned int i;

	saving_begin(&self->t);
	for (i = 0; i < 4; i++)
		image_page_range(&self->t.img, PFN_NOTAB, 1024 * i, 1024);
	saving_end(&self->t);
	ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%s", self->t.job.error);
	EXPECT_EQ(4096, self->t.job.nr_pages);
}

static void large_image(struct saving *t)
{
	unsigned int i;

	saving_begin(t);
	for (i = 0; i < 8; i++)
		image_page_range(&t->img, PFN_NOTAB, 512 * (i % 7), 1024);
	saving_end(t);
}

/* A file in memory cannot be dropped from the page cache. The writer tries once. */
TEST_F(save, drop_in_memory)
{
	self->t.mode = CACHE_DROP;
	large_image(&self->t);
	ASSERT_EQ(0, saving_part(&self->t, self->t.libxc_end));
	EXPECT_EQ(0, self->t.writer.dropped_bytes);
	EXPECT_EQ(UINT64_MAX, self->t.writer.from);
	EXPECT_EQ(8192, self->t.job.nr_pages);
}

/* The file starts with holes, which are not in the page cache. */
TEST_F(save, drop_of_holes)
{
	unsigned int i;

	self->t.mode = CACHE_DROP;
	saving_begin(&self->t);
	for (i = 0; i < 4096; i++) {
		image_page_range(&self->t.img, PFN_NOTAB, i, 1);
		saving_zero_last_page(&self->t.img);
	}
	for (i = 0; i < 4; i++)
		image_page_range(&self->t.img, PFN_NOTAB, 1024 * i, 1024);
	saving_end(&self->t);
	ASSERT_EQ(0, saving_part(&self->t, self->t.libxc_end));
	EXPECT_EQ(UINT64_MAX, self->t.writer.from);
	EXPECT_EQ(4096, self->t.job.nr_zero);
}

static void write_meminfo(unsigned int kib)
{
	FILE *f = fopen("meminfo", "w");

	fprintf(f, "MemAvailable: %u kB\n", kib);
	fclose(f);
}

/* CACHE_AUTO counts written bytes only, because holes take no memory. */
TEST_F(save, auto_counts_no_holes)
{
	unsigned int i;

	self->t.mode = CACHE_AUTO;
	saving_begin(&self->t);
	for (i = 0; i < 8; i++) {
		image_page_range(&self->t.img, PFN_NOTAB, i * 1024, 1024);
		memset(self->t.img.buf + self->t.img.len - 1000 * XT_PAGE_SIZE, 0,
		       1000 * XT_PAGE_SIZE);
	}
	saving_end(&self->t);
	/* 32 MiB, of which less than 1 MiB is written. */
	write_meminfo(8 << 10);
	ASSERT_EQ(0, saving_part(&self->t, self->t.libxc_end));
	EXPECT_EQ(UINT64_MAX, self->t.writer.from);
	EXPECT_LT(self->t.writer.written, 1 << 20);
	EXPECT_NE(UINT64_MAX, self->t.writer.limit);
	write_meminfo(1 << 9);
	ASSERT_EQ(0, saving_part(&self->t, self->t.libxc_end));
	/* The writer dropped pages, or gave up because the file is in memory. */
	EXPECT_TRUE(self->t.writer.from < UINT64_MAX ||
		    self->t.writer.limit == UINT64_MAX);
	unlink("meminfo");
}

static size_t resident_pages(int fd, size_t size)
{
	size_t pages = (size + XT_PAGE_SIZE - 1) / XT_PAGE_SIZE, nr = 0, i;
	void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	unsigned char *in_core = calloc(pages, 1);

	mincore(map, size, in_core);
	for (i = 0; i < pages; i++)
		nr += in_core[i] & 1;
	munmap(map, size);
	free(in_core);
	return nr;
}

/* Only the index, and the page in which the stream ends, stay in the page cache. */
TEST_F(save, drop_on_disk)
{
	self->t.dir = ".";
	self->t.mode = CACHE_DROP;
	large_image(&self->t);
	ASSERT_EQ(0, saving_part(&self->t, self->t.libxc_end))
		TH_LOG("%s", self->t.job.error);
	if (self->t.writer.from == UINT64_MAX)
		SKIP(return, "this filesystem does not let go of data");
	EXPECT_EQ(self->t.job.end, self->t.writer.dropped_bytes);
	EXPECT_LE(resident_pages(self->t.out, self->t.job.end), 4);

	/* With CACHE_KEEP, all of the file stays. */
	self->t.mode = CACHE_KEEP;
	ASSERT_EQ(0, saving_part(&self->t, self->t.libxc_end));
	EXPECT_GT(resident_pages(self->t.out, self->t.job.end), 8192);
	EXPECT_EQ(0, self->t.writer.dropped_bytes);
	self->t.mode = CACHE_DROP;
	ASSERT_EQ(NULL, save_and_compare(self)) TH_LOG("%s", self->t.job.error);
}

TEST_HARNESS_MAIN
