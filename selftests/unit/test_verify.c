// SPDX-License-Identifier: GPL-2.0
/* xen-thaw verify: every flipped byte is found, and every lie. */
#include <endian.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "kselftest_harness.h"

#include "bad.h"
#include "format.h"
#include "guest.h"
#include "pack.h"
#include "verify.h"

FIXTURE(verify)
{
	struct image img;
	struct verify v;
	uint8_t *buf;
	size_t size;
	char words[sizeof(((struct stream *)0)->error)];
	int fd;
};

FIXTURE_SETUP(verify)
{
	memset(self, 0, sizeof(*self));
	self->fd = -1;
}

FIXTURE_TEARDOWN(verify)
{
	image_free(&self->img);
	free(self->buf);
	close(self->fd);
}

/* Packs the image, and reads the result. */
static int pack_it(struct _test_data_verify *self, bool sums)
{
	struct pack_job job = { .in_name = "in", .out_name = "out",
				.sums = sums, .error = "" };
	struct stat st;
	int ret;

	close(self->fd);
	self->fd = memfd_create("packed", MFD_CLOEXEC);
	job.in_fd = image_file(&self->img, false);
	job.out_fd = self->fd;
	ret = pack_stream(&job);
	close(job.in_fd);
	strcpy(self->words, job.error);
	if (ret || fstat(self->fd, &st))
		return -1;
	self->size = (size_t)st.st_size;
	free(self->buf);
	self->buf = malloc(self->size);
	return pread(self->fd, self->buf, self->size, 0) ==
	       (ssize_t)self->size ? 0 : -1;
}

static void write_byte(struct _test_data_verify *self, size_t at, uint8_t byte)
{
	if (pwrite(self->fd, &byte, 1, (off_t)at) != 1)
		abort();
}

static int check(struct _test_data_verify *self)
{
	return verify_file(&self->v, self->fd, "test");
}

/* One page of data, one of zeros, one without. */
static void small_image(struct image *img, bool pv)
{
	const uint64_t list[] = {
		ENTRY(PFN_NOTAB, 1), ENTRY(PFN_NOTAB, 2), ENTRY(PFN_XALLOC, 3)
	};

	image_file_head(img);
	if (pv)
		guest_pv_head(img, 600);
	else
		image_hvm_head(img);
	image_pages(img, list, 3);
	if (pv)
		guest_pv_tail(img);
	else
		image_hvm_tail(img);
	if (!pv)
		image_libxl_record(img, LIBXL_REC_EMULATOR_CONTEXT,
				   "QEVM12345", 9);
	image_file_tail(img);
}

/* The page that an offset lies in, if it is page data; else 0. */
static size_t page_of(struct _test_data_verify *self, size_t at)
{
	size_t page = at / XT_PAGE_SIZE * XT_PAGE_SIZE;
	struct stream_record rec;
	struct savefile f;

	if (savefile_open(&f, self->fd, "test"))
		return 0;
	do {
		if (stream_next(&f.stream, &rec))
			return 0;
		if (rec.type == REC_PAGE_DATA && at >= rec.body + 8 + 3 * 8 &&
		    at < rec.body + rec.length)
			return page;
	} while (rec.type != REC_END);
	return 0;
}

static size_t index_at(struct _test_data_verify *self)
{
	struct stream_record rec;
	struct savefile f;

	if (savefile_open(&f, self->fd, "test") || stream_next(&f.stream, &rec))
		return 0;
	return rec.offset;
}

/* A bit of each byte is flipped. The place is named. */
static void flip_all(struct __test_metadata *_metadata,
		     struct _test_data_verify *self)
{
	const struct stream *s = &self->v.file.stream;
	size_t at, page, pages = 0, index = index_at(self);

	for (at = 0; at < self->size; at++) {
		page = page_of(self, at);
		write_byte(self, at, self->buf[at] ^ (uint8_t)(1 << at % 8));
		ASSERT_EQ(-1, check(self)) TH_LOG("byte %zu", at);
		/* A damaged length is found where it leads to. */
		EXPECT_EQ(true, at >= s->error_offset || at < index)
			TH_LOG("byte %zu: %s", at, s->error);
		if (page) {
			EXPECT_EQ(page, s->error_offset)
				TH_LOG("byte %zu: %s", at, s->error);
			pages++;
		}
		write_byte(self, at, self->buf[at]);
	}
	EXPECT_EQ(2 * XT_PAGE_SIZE, pages);
	EXPECT_EQ(0, check(self));
}

TEST_F(verify, flipped_pvh)
{
	small_image(&self->img, false);
	ASSERT_EQ(0, pack_it(self, true));
	ASSERT_EQ(0, check(self)) TH_LOG("%s", self->v.file.stream.error);
	flip_all(_metadata, self);
}

TEST_F(verify, flipped_pv)
{
	small_image(&self->img, true);
	ASSERT_EQ(0, pack_it(self, true));
	ASSERT_EQ(0, check(self)) TH_LOG("%s", self->v.file.stream.error);
	flip_all(_metadata, self);
}

/* A record without data: nothing but its own sum says that it had one. */
TEST_F(verify, flipped_without_data)
{
	size_t at;

	image_file_head(&self->img);
	image_hvm_head(&self->img);
	image_page_range(&self->img, PFN_NOTAB, 0, 1);
	image_page_range(&self->img, PFN_XALLOC, 1024, 600);
	image_hvm_tail(&self->img);
	image_file_tail(&self->img);
	ASSERT_EQ(0, pack_it(self, true));
	for (at = 0; at < self->size; at++) {
		write_byte(self, at, self->buf[at] ^ (uint8_t)(1 << at % 8));
		EXPECT_EQ(-1, check(self)) TH_LOG("byte %zu", at);
		write_byte(self, at, self->buf[at]);
	}
	EXPECT_EQ(0, check(self));
}

/* A file that has no page to begin with. */
TEST_F(verify, flipped_empty)
{
	size_t at;

	image_file_head(&self->img);
	image_hvm_head(&self->img);
	image_hvm_tail(&self->img);
	image_file_tail(&self->img);
	ASSERT_EQ(0, pack_it(self, true));
	for (at = 0; at < self->size; at++) {
		write_byte(self, at, ~self->buf[at]);
		ASSERT_EQ(-1, check(self)) TH_LOG("byte %zu", at);
		write_byte(self, at, self->buf[at]);
	}
	EXPECT_EQ(0, check(self));
}

/* The libxc stream alone, as a restore asks for it: the offset is libxl's. */
TEST_F(verify, while_restoring)
{
	struct savefile f;
	size_t at;

	small_image(&self->img, false);
	ASSERT_EQ(0, pack_it(self, true));
	ASSERT_EQ(0, savefile_open(&f, self->fd, "test"));
	ASSERT_EQ(77, lseek(self->fd, 77, SEEK_SET));
	at = self->size / 2;
	write_byte(self, at, ~self->buf[at]);
	unsetenv("XEN_THAW_VERIFY");
	EXPECT_EQ(0, verify_if_asked(self->fd, "test", f.stream.start));
	setenv("XEN_THAW_VERIFY", "1", 1);
	EXPECT_EQ(-1, verify_if_asked(self->fd, "test", f.stream.start));
	write_byte(self, at, self->buf[at]);
	ASSERT_EQ(77, lseek(self->fd, 77, SEEK_SET));
	EXPECT_EQ(0, verify_if_asked(self->fd, "test", f.stream.start));
	EXPECT_EQ(77, lseek(self->fd, 0, SEEK_CUR));
	/* What is behind the stream has checksums, too. */
	write_byte(self, self->size - 12, 1);
	EXPECT_EQ(-1, verify_if_asked(self->fd, "test", f.stream.start));
	setenv("XEN_THAW_VERIFY", "yes", 1);
	EXPECT_EQ(-1, verify_if_asked(self->fd, "test", f.stream.start));
	unsetenv("XEN_THAW_VERIFY");
}

/* Lost pages: what was data is a hole now, or the other way round. */
TEST_F(verify, holes)
{
	const struct stream *s = &self->v.file.stream;
	size_t at;

	small_image(&self->img, false);
	ASSERT_EQ(0, pack_it(self, true));
	for (at = self->size / XT_PAGE_SIZE * XT_PAGE_SIZE;
	     !page_of(self, at - 1); at -= XT_PAGE_SIZE)
		;
	at -= XT_PAGE_SIZE;
	ASSERT_EQ(0, fallocate(self->fd, FALLOC_FL_PUNCH_HOLE |
					 FALLOC_FL_KEEP_SIZE, (off_t)at,
			       XT_PAGE_SIZE));
	EXPECT_EQ(-1, check(self));
	EXPECT_EQ(at, s->error_offset);
	ASSERT_EQ(XT_PAGE_SIZE, pwrite(self->fd, self->buf + at, XT_PAGE_SIZE,
				       (off_t)at));
	EXPECT_EQ(0, check(self));
	/* The other page is zero: filled in, it is still what it was. */
	at -= XT_PAGE_SIZE;
	ASSERT_EQ(XT_PAGE_SIZE, pwrite(self->fd, self->buf + at, XT_PAGE_SIZE,
				       (off_t)at));
	EXPECT_EQ(0, check(self));
	write_byte(self, at + 99, 1);
	EXPECT_EQ(-1, check(self));
	EXPECT_EQ(at, s->error_offset);
}

TEST_F(verify, truncated)
{
	size_t len;

	small_image(&self->img, false);
	ASSERT_EQ(0, pack_it(self, true));
	for (len = self->size; len-- > 0;) {
		ASSERT_EQ(0, ftruncate(self->fd, (off_t)len));
		ASSERT_EQ(-1, check(self)) TH_LOG("%zu bytes", len);
	}
}

/* Stock's own files have no checksums; their structure is looked at. */
TEST_F(verify, stock_file)
{
	small_image(&self->img, false);
	self->fd = image_file(&self->img, false);
	ASSERT_EQ(0, check(self)) TH_LOG("%s", self->v.file.stream.error);
	EXPECT_EQ(false, self->v.indexed);
	EXPECT_EQ(0, self->v.summed_bytes);
	EXPECT_EQ(2, self->v.nr_pages);
	EXPECT_EQ(self->img.len, self->v.size);
	write_byte(self, self->img.len, 0);
	EXPECT_EQ(0, check(self));
	EXPECT_EQ(1, self->v.rest);
}

TEST_F(verify, version_2)
{
	image_file_head(&self->img);
	image_libxc(&self->img, 2, STREAM_GUEST_HVM);
	image_page_range(&self->img, PFN_NOTAB, 0, 2);
	image_hvm_tail(&self->img);
	image_file_tail(&self->img);
	self->fd = image_file(&self->img, false);
	EXPECT_EQ(0, check(self)) TH_LOG("%s", self->v.file.stream.error);
	EXPECT_EQ(2, self->v.file.stream.version);
	EXPECT_EQ(-1, pack_it(self, true));
}

/* All that the reader refuses is refused by both, with and without sums. */
TEST_F(verify, bad)
{
	const struct bad *bad;

	for (bad = bad_images; bad->name; bad++) {
		image_free(&self->img);
		bad_image(&self->img, bad);
		EXPECT_EQ(-1, pack_it(self, true)) TH_LOG("%s", bad->name);
		EXPECT_EQ(true, !!strstr(self->words, bad->error))
			TH_LOG("%s: %s", bad->name, self->words);
		close(self->fd);
		self->fd = image_file(&self->img, false);
		EXPECT_EQ(-1, check(self)) TH_LOG("%s", bad->name);
	}
}

/* Writes an index with a right checksum, whatever it says. */
static void put_index(struct _test_data_verify *self, size_t at,
		      struct thaw_index *index)
{
	struct {
		uint32_t type;
		uint32_t length;
		struct thaw_index index;
	} whole = { htole32(REC_THAW_INDEX), htole32(sizeof(*index)), *index };

	whole.index.sum = 0;
	whole.index.sum = htole32(thaw_sum(0, &whole, sizeof(whole)));
	if (pwrite(self->fd, &whole, sizeof(whole), (off_t)at) !=
	    sizeof(whole))
		abort();
}

/* Every member of the index that can be wrong is found to be. */
TEST_F(verify, index_lies)
{
	const size_t words[] = {
		offsetof(struct thaw_index, size),
		offsetof(struct thaw_index, end),
		offsetof(struct thaw_index, nr_records),
		offsetof(struct thaw_index, nr_pages),
		offsetof(struct thaw_index, nr_zero),
		offsetof(struct thaw_index, spans[0].size),
		offsetof(struct thaw_index, spans[2].offset),
		offsetof(struct thaw_index, spans[3].sum),
	};
	const uint64_t lies[] = { 1, UINT64_C(1) << 40, UINT64_MAX };
	struct thaw_index right, wrong;
	uint64_t word;
	size_t at, i, j;

	small_image(&self->img, false);
	ASSERT_EQ(0, pack_it(self, true));
	at = index_at(self);
	memcpy(&right, self->buf + at + 8, sizeof(right));
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		for (j = 0; j < ARRAY_SIZE(lies); j++) {
			wrong = right;
			memcpy(&word, (char *)&wrong + words[i], 8);
			word += lies[j];
			memcpy((char *)&wrong + words[i], &word, 8);
			put_index(self, at, &wrong);
			EXPECT_EQ(words[i] ==
				  offsetof(struct thaw_index, spans[3].sum) &&
				  j == 1 ? 0 : -1, check(self))
				TH_LOG("%zu by %zu", words[i], j);
		}
	}
	wrong = right;
	wrong.nr_spans = htole32(THAW_SPANS + 1);
	put_index(self, at, &wrong);
	EXPECT_EQ(-1, check(self));
	/* Of a later version: nothing is known of it. */
	wrong.version = htole32(THAW_INDEX_VERSION + 1);
	put_index(self, at, &wrong);
	EXPECT_EQ(0, check(self)) TH_LOG("%s", self->v.file.stream.error);
	EXPECT_EQ(false, self->v.indexed);
	/* By who does not know the size yet. */
	wrong = right;
	wrong.size = 0;
	put_index(self, at, &wrong);
	EXPECT_EQ(0, check(self)) TH_LOG("%s", self->v.file.stream.error);
	/* A restore does not look at it. */
	put_index(self, at, &right);
	EXPECT_EQ(0, check(self));
}

/* Moves a span, and makes it larger; its sum is right, if the file has the bytes. */
static void move_span(struct _test_data_verify *self, struct thaw_span *span,
		      int64_t by, int64_t larger)
{
	uint64_t offset = le64toh(span->offset) + (uint64_t)by;
	uint64_t size = le64toh(span->size) + (uint64_t)larger;

	span->offset = htole64(offset);
	span->size = htole64(size);
	if (offset <= self->size && size <= self->size - offset)
		span->sum = htole32(thaw_sum(0, self->buf + offset, size));
}

/* Sums that are right, but of other bytes: then some bytes are in no sum. */
TEST_F(verify, spans_lie)
{
	static const int64_t by[][2] = {
		{ 0, -1 }, { 1, -1 }, { 8, -8 }, { 8, 0 }, { -8, 8 }, { -8, 0 },
		{ 0, 8 },
	};
	struct thaw_index right, wrong;
	size_t at, i, j;

	small_image(&self->img, false);
	ASSERT_EQ(0, pack_it(self, true));
	at = index_at(self);
	memcpy(&right, self->buf + at + 8, sizeof(right));
	for (i = 0; i < THAW_SPANS; i++) {
		for (j = 0; j < ARRAY_SIZE(by); j++) {
			wrong = right;
			move_span(self, &wrong.spans[i], by[j][0], by[j][1]);
			put_index(self, at, &wrong);
			EXPECT_EQ(-1, check(self))
				TH_LOG("span %zu, case %zu", i, j);
		}
		wrong = right;
		wrong.spans[i].size = 0;
		wrong.spans[i].sum = 0;
		put_index(self, at, &wrong);
		EXPECT_EQ(-1, check(self)) TH_LOG("span %zu is empty", i);
		/* 0 is for files without checksums of pages. */
		wrong = right;
		wrong.nr_spans = htole32((uint32_t)i);
		put_index(self, at, &wrong);
		EXPECT_EQ(i ? -1 : 0, check(self)) TH_LOG("%zu spans", i);
	}
	put_index(self, at, &right);
	EXPECT_EQ(0, check(self)) TH_LOG("%s", self->v.file.stream.error);
}

/* PAGE_SUMS that no packing writes: they are refused, never believed. */
TEST_F(verify, sums_lie)
{
	static const struct {
		uint32_t length;
		uint32_t count;
	} cases[] = {
		{ 0, 0 }, { 7, 0 }, { 8, 1 }, { 12, UINT32_MAX }, { 16, 1 },
		{ 16, 2 }, { 24, 3 }, { 24, 4 }, { 16, 0 },
	};
	uint32_t body[6];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		image_free(&self->img);
		image_file_head(&self->img);
		image_hvm_head(&self->img);
		memset(body, 0, sizeof(body));
		body[1] = htole32(cases[i].count);
		image_record(&self->img, REC_THAW_PAGE_SUMS, body,
			     cases[i].length);
		image_page_range(&self->img, PFN_NOTAB, 0, 3);
		image_hvm_tail(&self->img);
		image_file_tail(&self->img);
		close(self->fd);
		self->fd = image_file(&self->img, false);
		EXPECT_EQ(-1, check(self)) TH_LOG("case %zu", i);
		/* To pack it would be to do away with them. */
		EXPECT_EQ(-1, pack_it(self, true)) TH_LOG("case %zu", i);
	}
}

/* Sums that no PAGE_DATA follows. */
TEST_F(verify, sums_alone)
{
	image_file_head(&self->img);
	image_hvm_head(&self->img);
	image_record(&self->img, REC_THAW_PAGE_SUMS, NULL, 16);
	image_hvm_tail(&self->img);
	image_file_tail(&self->img);
	self->fd = image_file(&self->img, false);
	EXPECT_EQ(-1, check(self));
	EXPECT_NE(NULL, strstr(self->v.file.stream.error, "no sound PAGE_DATA"));
}

/* An optional record of somebody else is kept; one of a later xen-thaw is not. */
TEST_F(verify, foreign_record)
{
	size_t at;

	image_file_head(&self->img);
	image_hvm_head(&self->img);
	at = self->img.len;
	image_record(&self->img, 0xd4687703, "packing?", 8);
	image_page_range(&self->img, PFN_NOTAB, 0, 3);
	image_hvm_tail(&self->img);
	image_file_tail(&self->img);
	self->fd = image_file(&self->img, false);
	EXPECT_EQ(0, check(self)) TH_LOG("%s", self->v.file.stream.error);
	EXPECT_EQ(-1, pack_it(self, true));

	image_put32(&self->img, at, 0xd4687803);
	ASSERT_EQ(0, pack_it(self, true));
	EXPECT_EQ(0, check(self)) TH_LOG("%s", self->v.file.stream.error);
	EXPECT_NE(NULL, memmem(self->buf, self->size,
			       "\x03\x78\x68\xd4\x08\0\0\0packing?", 16));
}

TEST_HARNESS_MAIN
