// SPDX-License-Identifier: GPL-2.0
/*
 * Saves through the helper that must fail, because the stream is truncated or wrong,
 * or the disk is full. Also files and streams that are saved without packing.
 */
#include <endian.h>
#include <signal.h>
#include <sys/resource.h>

#include "kselftest_harness.h"

#include "info.h"
#include "plan.h"
#include "save_room.h"
#include "savefile.h"
#include "saving.h"

FIXTURE(save_bad)
{
	struct saving t;
};

FIXTURE_SETUP(save_bad)
{
	saving_init(&self->t);
}

FIXTURE_TEARDOWN(save_bad)
{
	saving_free(&self->t);
}

/* True if neither we nor libxl restore the file that is left. */
static bool left_is_truncated(struct _test_data_save_bad *self)
{
	struct savefile f;
	struct plan p = { 0 };
	bool truncated = savefile_open(&f, self->t.out, "left") ||
		   (plan_build(&p, &f.stream) == -1 &&
		    strstr(f.stream.error, "the file ends at"));

	plan_free(&p);
	return truncated;
}

/* The stream is truncated at any byte. The error says that it ended early. */
TEST_F(save_bad, truncated)
{
	size_t at, step;

	saving_begin(&self->t);
	image_page_range(&self->t.img, PFN_NOTAB, 0, 3);
	saving_end(&self->t);
	for (at = self->t.img.libxc; at < self->t.libxc_end; at += step) {
		step = at < self->t.img.pages + 40 || at > self->t.img.tail ? 1 : 61;
		ASSERT_EQ(-1, saving_part(&self->t, at)) TH_LOG("%zu", at);
		ASSERT_EQ(true, self->t.job.truncated);
		ASSERT_NE(NULL, strstr(self->t.job.error, "before the END"));
		ASSERT_EQ(true, left_is_truncated(self)) TH_LOG("%zu", at);
	}
}

/* Returns what xen-thaw info says of the file. */
static const char *info_says(struct _test_data_save_bad *self, int ret)
{
	static struct info info;
	const char *says;

	if (info_gather(&info, self->t.out, "saved", false) != ret)
		return info.file.stream.error;
	says = info_packed(&info);
	info_free(&info);
	return says;
}

/* A stream that is truncated after the first record makes no packed file. */
TEST_F(save_bad, info_of_truncated)
{
	const char *expected = "incomplete: the save was truncated";
	size_t at, step;

	saving_begin(&self->t);
	image_page_range(&self->t.img, PFN_NOTAB, 0, 3);
	saving_end(&self->t);
	for (at = self->t.img.libxc + 48; at < self->t.libxc_end; at += step) {
		step = at < self->t.img.pages + 40 ? 8 : 1003;
		ASSERT_EQ(-1, saving_part(&self->t, at));
		ASSERT_STREQ(expected, info_says(self, 1)) TH_LOG("%zu", at);
	}
	ASSERT_EQ(NULL, saving_all(&self->t));
	EXPECT_STREQ("yes, with checksums", info_says(self, 0));
}

/* poke() - overwrite a word at an offset in the PAGE_DATA record */
struct poke {
	unsigned int offset;
	uint32_t value;
	const char *error;
};

TEST_F(save_bad, lies)
{
	static const struct poke pokes[] = {
		{ 4, 0x7fffffff, "the limit is" },
		{ 4, 4, "PAGE_DATA of 4 bytes" },
		{ 4, 8, "PAGE_DATA of 8 bytes for 3 pfns" },
		{ 4, 4096, "its pages take" },
		{ 8, 0, "for 0 pfns" },
		{ 8, 2, "its pages take" },
		{ 8, 0xffffffff, "for 4294967295 pfns" },
		{ 20, 0x50000000, "unknown page type 0x5" },
		{ 20, 0xf0000000, "its pages take" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(pokes) / sizeof(pokes[0]); i++) {
		saving_begin(&self->t);
		self->t.img.fill = 0x5555555555555555;
		image_page_range(&self->t.img, PFN_NOTAB, 0, 3);
		image_put32(&self->t.img, self->t.img.pages + pokes[i].offset,
			    pokes[i].value);
		/* With a wrong length, the pages are read as records or entries. */
		saving_end(&self->t);
		ASSERT_EQ(-1, saving_part(&self->t, self->t.libxc_end));
		ASSERT_EQ(false, self->t.job.truncated);
		EXPECT_NE(NULL, strstr(self->t.job.error, pokes[i].error))
			TH_LOG("%u: %s", i, self->t.job.error);
	}
}

TEST_F(save_bad, bad_end)
{
	saving_begin(&self->t);
	saving_end(&self->t);
	ASSERT_EQ(-1, saving_part(&self->t, self->t.libxc_end + 8));
	EXPECT_NE(NULL, strstr(self->t.job.error, "after its END"));

	image_put32(&self->t.img, self->t.libxc_end - 4, 8);
	ASSERT_EQ(-1, saving_part(&self->t, self->t.libxc_end + 8));
	EXPECT_NE(NULL, strstr(self->t.job.error, "END of 8 bytes"));
	EXPECT_EQ(false, self->t.job.truncated);
}

/* The disk is full at any point. The save fails, and the error says why. */
TEST_F(save_bad, no_room)
{
	struct rlimit old, limit;
	rlim_t size;

	saving_begin(&self->t);
	image_page_range(&self->t.img, PFN_NOTAB, 0, 20);
	saving_end(&self->t);
	ASSERT_EQ(NULL, saving_all(&self->t));
	signal(SIGXFSZ, SIG_IGN);
	ASSERT_EQ(0, getrlimit(RLIMIT_FSIZE, &old));
	limit = old;
	for (size = self->t.img.libxc + 8; size < self->t.job.end; size += 1021) {
		limit.rlim_cur = size;
		ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &limit));
		EXPECT_EQ(-1, saving_part(&self->t, self->t.libxc_end));
		ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &old));
		ASSERT_EQ(false, self->t.job.truncated);
		ASSERT_NE(NULL, strstr(self->t.job.error,
				       "cannot write: File too large"))
			TH_LOG("%s", self->t.job.error);
		ASSERT_EQ(true, left_is_truncated(self)) TH_LOG("%zu", size);
		/* Make the whole file again, for the next size. */
		ASSERT_EQ(NULL, saving_all(&self->t));
	}
}

/* A stream of an unknown version is saved as it comes. */
TEST_F(save_bad, other_versions)
{
	static const uint32_t versions[] = { 2, 4 };
	uint8_t *copy;
	unsigned int i;
	size_t size;

	for (i = 0; i < 2; i++) {
		saving_begin(&self->t);
		image_page_range(&self->t.img, PFN_NOTAB, 0, 300);
		saving_end(&self->t);
		image_put32(&self->t.img, self->t.img.libxc + 12,
			    htobe32(versions[i]));
		ASSERT_EQ(0, saving_part(&self->t, self->t.libxc_end));
		EXPECT_EQ(true, self->t.job.plain);
		size = self->t.libxc_end - self->t.img.libxc;
		ASSERT_EQ(self->t.job.start + size, self->t.job.end);
		copy = malloc(size);
		ASSERT_EQ(size, pread(self->t.out, copy, size,
				      (off_t)self->t.job.start));
		EXPECT_EQ(0, memcmp(copy, self->t.img.buf + self->t.img.libxc,
				    size));
		free(copy);
	}
}

/* True if the file has not changed. */
static bool unchanged(struct _test_data_save_bad *self)
{
	uint8_t now[1024];

	return pread(self->t.out, now, sizeof(now), 0) ==
	       (ssize_t)self->t.img.libxc &&
	       !memcmp(now, self->t.img.buf, self->t.img.libxc);
}

/*
 * The file is not what xl writes before a save: the stream starts elsewhere, the file
 * is longer, or the header is wrong.
 */
TEST_F(save_bad, other_places)
{
	uint64_t start;

	saving_begin(&self->t);
	saving_end(&self->t);
	ASSERT_EQ(0, saving_head(&self->t));
	start = self->t.job.start - 1;
	EXPECT_EQ(1, save_make_room(self->t.out, "out", &start, self->t.error,
				    sizeof(self->t.error)));
	start = self->t.job.start;
	ASSERT_EQ(1, pwrite(self->t.out, "", 1, (off_t)start));
	EXPECT_EQ(1, save_make_room(self->t.out, "out", &start, self->t.error,
				    sizeof(self->t.error)));
	EXPECT_EQ(self->t.job.start, start);

	image_put32(&self->t.img, 0, 0);
	EXPECT_EQ(1, saving_head(&self->t));
	EXPECT_EQ(true, unchanged(self));
}

TEST_HARNESS_MAIN
