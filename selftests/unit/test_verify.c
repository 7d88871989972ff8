// SPDX-License-Identifier: GPL-2.0
/* xen-thaw verify: every flipped byte is found. */
#include <endian.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "kselftest_harness.h"

#include "bad.h"
#include "guest.h"
#include "packed.h"
#include "restore_verify.h"

FIXTURE(verify)
{
	struct packed p;
};

FIXTURE_SETUP(verify)
{
	packed_init(&self->p);
}

FIXTURE_TEARDOWN(verify)
{
	packed_free(&self->p);
}

/* Returns the offset of the page of data that has this byte, or 0 if none has. */
static size_t page_of(struct packed *p, size_t at)
{
	size_t page = at / XT_PAGE_SIZE * XT_PAGE_SIZE;
	struct stream_record rec;
	struct savefile f;

	if (savefile_open(&f, p->fd, "test"))
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

/* Flips a bit of each byte. The error names the place. */
static void flip_all(struct __test_metadata *_metadata, struct packed *p)
{
	const struct stream *s = &p->v.file.stream;
	size_t at, page, pages = 0, index = packed_index(p);

	for (at = 0; at < p->size; at++) {
		page = page_of(p, at);
		packed_put_byte(p, at, p->buf[at] ^ (uint8_t)(1 << at % 8));
		ASSERT_EQ(-1, packed_check(p)) TH_LOG("byte %zu", at);
		/* The error for a damaged length names the offset that it leads to. */
		EXPECT_EQ(true, at >= s->error_offset || at < index)
			TH_LOG("byte %zu: %s", at, s->error);
		if (page) {
			EXPECT_EQ(page, s->error_offset)
				TH_LOG("byte %zu: %s", at, s->error);
			pages++;
		}
		packed_put_byte(p, at, p->buf[at]);
	}
	EXPECT_EQ(2 * XT_PAGE_SIZE, pages);
	EXPECT_EQ(0, packed_check(p));
}

TEST_F_TIMEOUT(verify, flipped_pvh, 600)
{
	packed_small_image(&self->p, false);
	ASSERT_EQ(0, packed_make(&self->p, true));
	ASSERT_EQ(0, packed_check(&self->p)) TH_LOG("%s", self->p.v.file.stream.error);
	flip_all(_metadata, &self->p);
}

TEST_F_TIMEOUT(verify, flipped_pv, 600)
{
	packed_small_image(&self->p, true);
	ASSERT_EQ(0, packed_make(&self->p, true));
	ASSERT_EQ(0, packed_check(&self->p)) TH_LOG("%s", self->p.v.file.stream.error);
	flip_all(_metadata, &self->p);
}

/* Only the checksum of a record without data says that the record was there. */
TEST_F_TIMEOUT(verify, flipped_without_data, 600)
{
	size_t at;

	image_file_head(&self->p.img);
	image_hvm_head(&self->p.img);
	image_page_range(&self->p.img, PFN_NOTAB, 0, 1);
	image_page_range(&self->p.img, PFN_XALLOC, 1024, 600);
	image_hvm_tail(&self->p.img);
	image_file_tail(&self->p.img);
	ASSERT_EQ(0, packed_make(&self->p, true));
	for (at = 0; at < self->p.size; at++) {
		packed_put_byte(&self->p, at, self->p.buf[at] ^ (uint8_t)(1 << at % 8));
		EXPECT_EQ(-1, packed_check(&self->p)) TH_LOG("byte %zu", at);
		packed_put_byte(&self->p, at, self->p.buf[at]);
	}
	EXPECT_EQ(0, packed_check(&self->p));
}

/* The file has no pages at all. */
TEST_F(verify, flipped_empty)
{
	size_t at;

	image_file_head(&self->p.img);
	image_hvm_head(&self->p.img);
	image_hvm_tail(&self->p.img);
	image_file_tail(&self->p.img);
	ASSERT_EQ(0, packed_make(&self->p, true));
	for (at = 0; at < self->p.size; at++) {
		packed_put_byte(&self->p, at, ~self->p.buf[at]);
		ASSERT_EQ(-1, packed_check(&self->p)) TH_LOG("byte %zu", at);
		packed_put_byte(&self->p, at, self->p.buf[at]);
	}
	EXPECT_EQ(0, packed_check(&self->p));
}

/* A restore checks the libxc stream alone, and leaves the file's offset to libxl. */
TEST_F(verify, while_restoring)
{
	struct savefile f;
	size_t at;

	packed_small_image(&self->p, false);
	ASSERT_EQ(0, packed_make(&self->p, true));
	ASSERT_EQ(0, savefile_open(&f, self->p.fd, "test"));
	ASSERT_EQ(77, lseek(self->p.fd, 77, SEEK_SET));
	at = self->p.size / 2;
	packed_put_byte(&self->p, at, ~self->p.buf[at]);
	EXPECT_EQ(-1, restore_verify(self->p.fd, "test", f.stream.start));
	packed_put_byte(&self->p, at, self->p.buf[at]);
	ASSERT_EQ(77, lseek(self->p.fd, 77, SEEK_SET));
	EXPECT_EQ(0, restore_verify(self->p.fd, "test", f.stream.start));
	EXPECT_EQ(77, lseek(self->p.fd, 0, SEEK_CUR));
	/* The records after the stream have checksums, too. */
	packed_put_byte(&self->p, self->p.size - 12, 1);
	EXPECT_EQ(-1, restore_verify(self->p.fd, "test", f.stream.start));
}

/* Data has become a hole, or a hole has become data. */
TEST_F(verify, holes)
{
	const struct stream *s = &self->p.v.file.stream;
	size_t at;

	packed_small_image(&self->p, false);
	ASSERT_EQ(0, packed_make(&self->p, true));
	for (at = self->p.size / XT_PAGE_SIZE * XT_PAGE_SIZE;
	     !page_of(&self->p, at - 1); at -= XT_PAGE_SIZE)
		;
	at -= XT_PAGE_SIZE;
	ASSERT_EQ(0, fallocate(self->p.fd, FALLOC_FL_PUNCH_HOLE |
					 FALLOC_FL_KEEP_SIZE, (off_t)at,
			       XT_PAGE_SIZE));
	EXPECT_EQ(-1, packed_check(&self->p));
	EXPECT_EQ(at, s->error_offset);
	ASSERT_EQ(XT_PAGE_SIZE, pwrite(self->p.fd, self->p.buf + at, XT_PAGE_SIZE,
				       (off_t)at));
	EXPECT_EQ(0, packed_check(&self->p));
	/* The other page is zero, so it stays the same if the hole is filled. */
	at -= XT_PAGE_SIZE;
	ASSERT_EQ(XT_PAGE_SIZE, pwrite(self->p.fd, self->p.buf + at, XT_PAGE_SIZE,
				       (off_t)at));
	EXPECT_EQ(0, packed_check(&self->p));
	packed_put_byte(&self->p, at + 99, 1);
	EXPECT_EQ(-1, packed_check(&self->p));
	EXPECT_EQ(at, s->error_offset);
}

TEST_F_TIMEOUT(verify, truncated, 600)
{
	size_t len;

	packed_small_image(&self->p, false);
	ASSERT_EQ(0, packed_make(&self->p, true));
	for (len = self->p.size; len-- > 0;) {
		ASSERT_EQ(0, ftruncate(self->p.fd, (off_t)len));
		ASSERT_EQ(-1, packed_check(&self->p)) TH_LOG("%zu bytes", len);
	}
}

/* Files of stock have no checksums, so verify checks their structure only. */
TEST_F(verify, stock_file)
{
	packed_small_image(&self->p, false);
	self->p.fd = image_file(&self->p.img, false);
	ASSERT_EQ(0, packed_check(&self->p)) TH_LOG("%s", self->p.v.file.stream.error);
	EXPECT_EQ(false, self->p.v.indexed);
	EXPECT_EQ(0, self->p.v.summed_bytes);
	EXPECT_EQ(2, self->p.v.nr_pages);
	EXPECT_EQ(self->p.img.len, self->p.v.size);
	packed_put_byte(&self->p, self->p.img.len, 0);
	EXPECT_EQ(0, packed_check(&self->p));
	EXPECT_EQ(1, self->p.v.rest);
}

TEST_F(verify, version_2)
{
	image_file_head(&self->p.img);
	image_libxc(&self->p.img, 2, STREAM_GUEST_HVM);
	image_page_range(&self->p.img, PFN_NOTAB, 0, 2);
	image_hvm_tail(&self->p.img);
	image_file_tail(&self->p.img);
	self->p.fd = image_file(&self->p.img, false);
	EXPECT_EQ(0, packed_check(&self->p)) TH_LOG("%s", self->p.v.file.stream.error);
	EXPECT_EQ(2, self->p.v.file.stream.version);
	EXPECT_EQ(-1, packed_make(&self->p, true));
}

/* verify and pack refuse each file that the reader refuses. */
TEST_F(verify, bad)
{
	const struct bad *bad;

	for (bad = bad_images; bad->name; bad++) {
		image_free(&self->p.img);
		bad_image(&self->p.img, bad);
		EXPECT_EQ(-1, packed_make(&self->p, true)) TH_LOG("%s", bad->name);
		EXPECT_EQ(true, !!strstr(self->p.error, bad->error))
			TH_LOG("%s: %s", bad->name, self->p.error);
		close(self->p.fd);
		self->p.fd = image_file(&self->p.img, false);
		EXPECT_EQ(-1, packed_check(&self->p)) TH_LOG("%s", bad->name);
	}
}

/* pack keeps a foreign optional record, and refuses one of a later xen-thaw. */
TEST_F(verify, foreign_record)
{
	size_t at;

	image_file_head(&self->p.img);
	image_hvm_head(&self->p.img);
	at = self->p.img.len;
	image_record(&self->p.img, 0xd4687703, "packing?", 8);
	image_page_range(&self->p.img, PFN_NOTAB, 0, 3);
	image_hvm_tail(&self->p.img);
	image_file_tail(&self->p.img);
	self->p.fd = image_file(&self->p.img, false);
	EXPECT_EQ(0, packed_check(&self->p)) TH_LOG("%s", self->p.v.file.stream.error);
	EXPECT_EQ(-1, packed_make(&self->p, true));

	image_put32(&self->p.img, at, 0xd4687803);
	ASSERT_EQ(0, packed_make(&self->p, true));
	EXPECT_EQ(0, packed_check(&self->p)) TH_LOG("%s", self->p.v.file.stream.error);
	EXPECT_NE(NULL, memmem(self->p.buf, self->p.size,
			       "\x03\x78\x68\xd4\x08\0\0\0packing?", 16));
}

TEST_HARNESS_MAIN
