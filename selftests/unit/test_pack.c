// SPDX-License-Identifier: GPL-2.0
/*
 * xen-thaw pack: stock restores the same guest from the packed file, which is as
 * docs/format.md describes it. COMPACT_MIN is 64 here.
 */
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "kselftest_harness.h"

#include "format.h"
#include "guest.h"
#include "pack.h"
#include "pack_pages.h"
#include "plan.h"
#include "verify.h"

FIXTURE(pack)
{
	struct image img;
	struct guest before;
	struct guest after;
	struct pack_job job;
	struct verify v;
	uint64_t base;
	uint64_t seed;
	bool sparse;
	int in;
	int out;
};

FIXTURE_SETUP(pack)
{
	memset(self, 0, sizeof(*self));
	self->seed = 1;
	self->in = -1;
	self->out = -1;
	self->job.sums = true;
}

FIXTURE_TEARDOWN(pack)
{
	image_free(&self->img);
	close(self->in);
	close(self->out);
}

/* xorshift64, so that a seed gives the same numbers everywhere. */
static uint32_t rnd(struct _test_data_pack *self, uint32_t below)
{
	self->seed ^= self->seed << 13;
	self->seed ^= self->seed >> 7;
	self->seed ^= self->seed << 17;
	return (uint32_t)(self->seed >> 32) % below;
}

static int new_file(void)
{
	return memfd_create("packed", MFD_CLOEXEC);
}

/* Packs @in into a new file. Returns 0, or -1 with an error. */
static int pack_fd(struct _test_data_pack *self, int in)
{
	close(self->out);
	self->out = new_file();
	self->job.in_fd = in;
	self->job.in_name = "in";
	self->job.out_fd = self->out;
	self->job.out_name = "out";
	return pack_stream(&self->job);
}

static int pack_image(struct _test_data_pack *self)
{
	close(self->in);
	self->in = image_file(&self->img, self->sparse);
	return pack_fd(self, self->in);
}

/* Returns NULL if stock restores both alike, and the packed file is as it must be. */
static const char *compare(struct _test_data_pack *self)
{
	const char *why = guest_restore(&self->before, self->base, self->in);

	if (!why)
		why = guest_restore(&self->after, self->base, self->out);
	if (!why)
		why = guest_differs(&self->before, &self->after);
	if (why)
		return why;
	if (self->after.nr_unaligned)
		return "unaligned pages";
	if (self->after.nr_written_zero)
		return "zero pages that take space";
	if (self->after.most_entries > 1024)
		return "more entries than stock writes";
	if (verify_file(&self->v, self->out, "out"))
		return self->v.file.stream.error;
	if (self->job.sums && self->v.summed_bytes != self->v.size)
		return "bytes without checksum";
	return NULL;
}

static const char *pack_and_compare(struct _test_data_pack *self)
{
	return pack_image(self) ? self->job.error : compare(self);
}

/* Makes the last page of data zero. */
static void zero_last_page(struct image *img)
{
	memset(img->buf + img->len - XT_PAGE_SIZE, 0, XT_PAGE_SIZE);
}

static void hvm_image(struct image *img, uint32_t pages)
{
	image_file_head(img);
	image_hvm_head(img);
	image_page_range(img, PFN_NOTAB, 0, pages);
	image_hvm_tail(img);
	image_file_tail(img);
}

TEST_F(pack, pvh)
{
	hvm_image(&self->img, 700);
	ASSERT_EQ(NULL, pack_and_compare(self)) TH_LOG("%s", self->job.error);
	EXPECT_EQ(700, self->after.nr_data);
	EXPECT_EQ(1, self->after.nr_page_data);
	EXPECT_EQ(true, self->v.indexed);
	EXPECT_EQ(700, self->v.nr_summed);
	EXPECT_EQ(0, self->v.rest);
}

/* Device model records of any length follow the libxc stream. */
TEST_F(pack, hvm_with_device_model)
{
	uint8_t state[100];
	size_t len;

	memset(state, 0x5a, sizeof(state));
	for (len = 8; len < 26; len++) {
		image_free(&self->img);
		image_file_head(&self->img);
		image_hvm_head(&self->img);
		image_page_range(&self->img, PFN_NOTAB, 0, 3);
		image_hvm_tail(&self->img);
		image_libxl_record(&self->img,
				   LIBXL_REC_EMULATOR_XENSTORE_DATA, state,
				   len);
		image_libxl_record(&self->img, LIBXL_REC_EMULATOR_CONTEXT,
				   state, len + 50);
		image_file_tail(&self->img);
		ASSERT_EQ(NULL, pack_and_compare(self));
	}
}

/* The configuration may have any length, with xl and with libvirt. */
TEST_F(pack, any_alignment)
{
	char config[64] = "";
	size_t len;

	for (len = 0; len < 20; len++) {
		memset(config, 'x', len);
		image_free(&self->img);
		if (len % 2)
			image_libvirt(&self->img, config);
		else
			image_xl(&self->img, len ? config : NULL);
		image_libxl(&self->img);
		image_libxl_record(&self->img, LIBXL_REC_LIBXC_CONTEXT, NULL,
				   0);
		image_hvm_head(&self->img);
		image_page_range(&self->img, PFN_NOTAB, 7, 5);
		image_hvm_tail(&self->img);
		image_file_tail(&self->img);
		ASSERT_EQ(NULL, pack_and_compare(self)) TH_LOG("%zu", len);
	}
}

/* Zero pages take no space, even if they took some in the original. */
TEST_F(pack, zero_pages)
{
	struct stat st;
	uint64_t pfn;

	image_file_head(&self->img);
	image_hvm_head(&self->img);
	for (pfn = 0; pfn < 1000; pfn++) {
		image_page_range(&self->img, PFN_NOTAB, pfn, 1);
		if (pfn % 100 >= 40)
			zero_last_page(&self->img);
	}
	image_hvm_tail(&self->img);
	image_file_tail(&self->img);

	for (self->sparse = false;; self->sparse = true) {
		ASSERT_EQ(NULL, pack_and_compare(self));
		ASSERT_EQ(0, fstat(self->out, &st));
		/* 400 pages of data; page 0 is zero; the rest is headers. */
		EXPECT_GE(400 + 6, st.st_blocks / 8);
		EXPECT_EQ(1000, self->after.nr_data);
		if (self->sparse)
			break;
	}
}

/* A page that was sent several times is there once, with its last contents. */
TEST_F(pack, last_one_wins)
{
	const uint64_t again[] = {
		ENTRY(PFN_NOTAB, 5), ENTRY(PFN_XTAB, 6), ENTRY(PFN_NOTAB, 5),
		ENTRY(PFN_XALLOC, 9), ENTRY(PFN_NOTAB, 9), ENTRY(PFN_XTAB, 11),
		ENTRY(PFN_BROKEN, 12), ENTRY(PFN_XALLOC, 13),
	};

	image_file_head(&self->img);
	image_hvm_head(&self->img);
	image_page_range(&self->img, PFN_NOTAB, 0, 8);
	image_page_range(&self->img, PFN_NOTAB, 4, 3);
	image_pages(&self->img, again, 8);
	image_hvm_tail(&self->img);
	image_file_tail(&self->img);
	ASSERT_EQ(NULL, pack_and_compare(self));
	EXPECT_EQ(9, self->after.nr_data);
	EXPECT_EQ(1, self->after.nr_page_data);
}

static void random_records(struct _test_data_pack *self, const uint8_t *types,
			   uint32_t nr_types)
{
	uint32_t records = 1 + rnd(self, 40), nr, i, j;
	uint64_t list[80], pfn;

	for (i = 0; i < records; i++) {
		nr = 1 + rnd(self, 80);
		pfn = self->base + rnd(self, GUEST_PFNS);
		for (j = 0; j < nr; j++) {
			if (!rnd(self, 6))
				pfn = self->base + rnd(self, GUEST_PFNS);
			if (pfn - self->base >= GUEST_PFNS)
				pfn = self->base;
			list[j] = ENTRY(types[rnd(self, nr_types)], pfn++);
		}
		image_pages(&self->img, list, nr);
		if (list[nr - 1] >> 60 < PFN_BROKEN && rnd(self, 2))
			zero_last_page(&self->img);
	}
}

TEST_F(pack, random_hvm)
{
	static const uint8_t types[] = {
		PFN_NOTAB, PFN_NOTAB, PFN_NOTAB, PFN_XTAB, PFN_XALLOC,
		PFN_BROKEN
	};
	int i;

	for (i = 0; i < 300; i++) {
		self->base = i % 3 ? 0 : UINT64_C(0xfeff0);
		self->sparse = i % 2;
		image_free(&self->img);
		image_file_head(&self->img);
		image_hvm_head(&self->img);
		random_records(self, types, sizeof(types));
		image_hvm_tail(&self->img);
		image_file_tail(&self->img);
		ASSERT_EQ(NULL, pack_and_compare(self))
			TH_LOG("image %d", i);
	}
}

/* A page of a PV guest has the type of its last entry, with data or without. */
TEST_F(pack, random_pv)
{
	static const uint8_t types[] = {
		PFN_NOTAB, PFN_NOTAB, PFN_L1TAB, PFN_L2TAB, PFN_L3TAB,
		PFN_L4TAB, PFN_L1TAB_PIN, PFN_L2TAB_PIN, PFN_L3TAB_PIN,
		PFN_L4TAB_PIN, PFN_XTAB, PFN_XALLOC, PFN_BROKEN
	};
	int i;

	for (i = 0; i < 300; i++) {
		image_free(&self->img);
		image_file_head(&self->img);
		guest_pv_head(&self->img, GUEST_PFNS - 1);
		random_records(self, types, sizeof(types));
		guest_pv_tail(&self->img);
		image_file_tail(&self->img);
		ASSERT_EQ(NULL, pack_and_compare(self))
			TH_LOG("image %d", i);
	}
}

/* A guest that grew has a second list of frames. It comes before all pages. */
TEST_F(pack, records_between_pages)
{
	image_file_head(&self->img);
	guest_pv_head(&self->img, 15);
	image_page_range(&self->img, PFN_NOTAB, 0, 16);
	image_record(&self->img, REC_X86_PV_P2M_FRAMES,
		     "\x10\0\0\0\x1f\0\0\0\x05\0\0\0\0\0\0", 16);
	image_page_range(&self->img, PFN_L1TAB, 16, 16);
	guest_pv_tail(&self->img);
	image_file_tail(&self->img);
	ASSERT_EQ(NULL, pack_and_compare(self));
	EXPECT_EQ(1, self->after.nr_page_data);
}

/* No superpage is split between records, so that Xen 4.21 restores it as one. */
TEST_F(pack, superpages)
{
	struct pack_cursor cursor = { 0 };
	static struct pack_batch batch;
	struct pack_pages pages;
	struct savefile f;
	uint32_t i;

	image_file_head(&self->img);
	image_hvm_head(&self->img);
	image_page_range(&self->img, PFN_NOTAB, 0, 100);
	image_page_range(&self->img, PFN_XALLOC, 300, 3000);
	image_hvm_tail(&self->img);
	image_file_tail(&self->img);
	self->in = image_file(&self->img, false);
	ASSERT_EQ(0, savefile_open(&f, self->in, "in"));
	ASSERT_EQ(0, pack_pages_read(&pages, &f.stream));
	while (pack_next_batch(&pages, &cursor, &batch)) {
		ASSERT_GE(1024, batch.nr);
		i = batch.entry[0] % 512;
		/* A batch begins at a multiple of 2 MiB, or before the first one. */
		EXPECT_EQ(true, i == 0 || (batch.entry[0] & 0xfff) < 512);
		EXPECT_EQ(true, cursor.run >= pages.nr || batch.nr > 512);
	}
	pack_pages_free(&pages);
}

TEST_F(pack, idempotent)
{
	struct stat once, twice;
	char *a, *b;
	int first;

	hvm_image(&self->img, 2500);
	ASSERT_EQ(NULL, pack_and_compare(self));
	first = self->out;
	self->out = -1;
	ASSERT_EQ(0, pack_fd(self, first));
	ASSERT_EQ(0, fstat(first, &once));
	ASSERT_EQ(0, fstat(self->out, &twice));
	ASSERT_EQ(once.st_size, twice.st_size);
	EXPECT_EQ(once.st_blocks, twice.st_blocks);
	a = malloc((size_t)once.st_size);
	b = malloc((size_t)once.st_size);
	ASSERT_EQ(once.st_size, pread(first, a, (size_t)once.st_size, 0));
	ASSERT_EQ(once.st_size, pread(self->out, b, (size_t)once.st_size, 0));
	EXPECT_EQ(0, memcmp(a, b, (size_t)once.st_size));
	free(a);
	free(b);
	close(first);
}

TEST_F(pack, no_checksums)
{
	hvm_image(&self->img, 1500);
	self->job.sums = false;
	ASSERT_EQ(NULL, pack_and_compare(self));
	EXPECT_EQ(0, self->v.nr_summed);
	EXPECT_EQ(0, self->v.summed_bytes);
	EXPECT_EQ(true, self->v.indexed);
}

/* The plan for a restore does not read zero pages. */
TEST_F(pack, plan)
{
	struct savefile f;
	struct plan p;
	uint64_t pfn;

	image_file_head(&self->img);
	image_hvm_head(&self->img);
	for (pfn = 0; pfn < 2000; pfn++) {
		image_page_range(&self->img, PFN_NOTAB, pfn, 1);
		if (pfn < 500)
			zero_last_page(&self->img);
	}
	image_hvm_tail(&self->img);
	image_file_tail(&self->img);
	ASSERT_EQ(0, pack_image(self)) TH_LOG("%s", self->job.error);
	ASSERT_EQ(0, savefile_open(&f, self->out, "out"));
	ASSERT_EQ(0, plan_build(&p, &f.stream));
	EXPECT_EQ(2000, p.pages);
	EXPECT_EQ(500, p.zero_pages);
	EXPECT_EQ(1, p.nr_populate);
	EXPECT_EQ(1, p.nr_zero);
	EXPECT_EQ(2, p.nr_data);
	plan_free(&p);
}

/* A block device has other bytes after the end of the file. pack drops them. */
TEST_F(pack, rest_is_dropped)
{
	size_t len;

	hvm_image(&self->img, 4);
	len = self->img.len;
	image_add_zero(&self->img, 5000);
	ASSERT_EQ(NULL, pack_and_compare(self));
	self->img.len = len;
	ASSERT_EQ(NULL, pack_and_compare(self));
}

/* A file that is truncated at any byte is not packed. */
TEST_F(pack, truncated)
{
	size_t len;

	hvm_image(&self->img, 1);
	for (len = 0; len < self->img.len; len++) {
		close(self->in);
		self->in = image_file(&self->img, false);
		ASSERT_EQ(0, ftruncate(self->in, (off_t)len));
		ASSERT_EQ(-1, pack_fd(self, self->in)) TH_LOG("%zu", len);
		EXPECT_STREQ("in", self->job.culprit);
		EXPECT_EQ(0, strncmp("offset ", self->job.error, 7));
	}
}

/* The disk is full at any point. The error says so, and names the new file. */
TEST_F(pack, no_room)
{
	struct rlimit old, limit;
	struct stat st;
	rlim_t size;

	hvm_image(&self->img, 1100);
	ASSERT_EQ(NULL, pack_and_compare(self));
	ASSERT_EQ(0, fstat(self->out, &st));
	signal(SIGXFSZ, SIG_IGN);
	ASSERT_EQ(0, getrlimit(RLIMIT_FSIZE, &old));
	for (size = 0; size < (rlim_t)st.st_size; size += 200001) {
		limit = old;
		limit.rlim_cur = size;
		ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &limit));
		EXPECT_EQ(-1, pack_fd(self, self->in));
		ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &old));
		EXPECT_STREQ("out", self->job.culprit);
		EXPECT_NE(NULL, strstr(self->job.error, "cannot write: "));
	}
	ASSERT_EQ(0, pack_fd(self, self->in));
}

TEST_HARNESS_MAIN
