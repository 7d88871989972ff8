// SPDX-License-Identifier: GPL-2.0
/*
 * xen-thaw pack of sparse files. Records other than pages may be holes of any size.
 * Holes stay holes. Records that are too large for any guest are refused unread.
 */
#include "kselftest_harness.h"

#include <endian.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "guest.h"
#include "pack.h"
#include "verify.h"

/* Size of the header of a record, in both streams. */
#define HEADER		8U

FIXTURE(holes)
{
	struct image img;
	size_t done;
	uint64_t at;
	int in;
	int out;
	struct pack_job job;
};

FIXTURE_SETUP(holes)
{
	memset(self, 0, sizeof(*self));
	self->in = memfd_create("in", MFD_CLOEXEC);
	self->out = memfd_create("out", MFD_CLOEXEC);
	self->job = (struct pack_job) {
		.in_fd = self->in, .in_name = "in",
		.out_fd = self->out, .out_name = "out", .sums = true,
	};
}

FIXTURE_TEARDOWN(holes)
{
	image_free(&self->img);
	close(self->in);
	close(self->out);
}

/* Writes the new part of the image. */
static void flush(struct _test_data_holes *self)
{
	size_t size = self->img.len - self->done;

	if (pwrite(self->in, self->img.buf + self->done, size,
		   (off_t)self->at) != (ssize_t)size)
		abort();
	self->at += size;
	self->done = self->img.len;
}

/* Adds records of either stream. Their bodies are holes. */
static void sparse_records(struct _test_data_holes *self, unsigned int nr,
			   uint32_t type, uint32_t length)
{
	const uint32_t header[2] = { htole32(type), htole32(length) };

	flush(self);
	for (; nr; nr--, self->at += (uint64_t)HEADER + length) {
		if (pwrite(self->in, header, HEADER, (off_t)self->at) != HEADER)
			abort();
	}
}

static void begin(struct _test_data_holes *self)
{
	image_file_head(&self->img);
	image_hvm_head(&self->img);
	image_page_range(&self->img, PFN_NOTAB, 0, 3);
}

static void end(struct _test_data_holes *self)
{
	image_hvm_tail(&self->img);
	image_file_tail(&self->img);
	flush(self);
}

/* True if pack refuses the file before it writes anything. */
static bool refused(struct _test_data_holes *self)
{
	const struct rlimit limit = { 1 << 20, RLIM_INFINITY };
	struct stat st;

	/* The limit keeps the disk from filling up if the file is not refused. */
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	return pack_stream(&self->job) && !strcmp(self->job.culprit, "in") &&
	       strstr(self->job.error, "more than 1024 MiB besides the pages") &&
	       !fstat(self->out, &st) && !st.st_size;
}

/* Records of both streams have holes. */
TEST_F(holes, stay_holes)
{
	static struct guest before, after;
	static struct verify v;
	struct stat st;

	begin(self);
	sparse_records(self, 2, REC_OPTIONAL | 7, REC_LENGTH_MAX);
	image_hvm_tail(&self->img);
	sparse_records(self, 2, LIBXL_REC_EMULATOR_CONTEXT, 50U << 20);
	image_file_tail(&self->img);
	flush(self);

	ASSERT_EQ(0, pack_stream(&self->job)) TH_LOG("%s", self->job.error);
	ASSERT_EQ(NULL, guest_restore(&before, 0, self->in));
	ASSERT_EQ(NULL, guest_restore(&after, 0, self->out));
	EXPECT_EQ(NULL, guest_differs(&before, &after));
	ASSERT_EQ(0, verify_file(&v, self->out, "out"))
		TH_LOG("%s", v.file.stream.error);
	EXPECT_EQ(v.size, v.summed_bytes);
	ASSERT_EQ(0, fstat(self->out, &st));
	EXPECT_LT(350 << 20, st.st_size);
	EXPECT_GT(1 << 20, st.st_blocks * 512);
}

/* Without holes the records would take 2.5 TiB. */
TEST_F(holes, too_many_records)
{
	begin(self);
	sparse_records(self, 20000, REC_OPTIONAL | 7, REC_LENGTH_MAX);
	end(self);
	EXPECT_TRUE(refused(self)) TH_LOG("%s", self->job.error);
}

TEST_F(holes, too_much_of_the_device_model)
{
	begin(self);
	image_hvm_tail(&self->img);
	sparse_records(self, 500, LIBXL_REC_EMULATOR_CONTEXT, 0xfffffff8);
	image_file_tail(&self->img);
	flush(self);
	EXPECT_TRUE(refused(self)) TH_LOG("%s", self->job.error);
}

TEST_F(holes, too_much_in_front)
{
	const uint32_t room = 0x7ffffff8;

	image_xl(&self->img, IMAGE_CONFIG);
	image_put32(&self->img, 44, room);
	flush(self);
	self->at = 48 + room;
	image_libxl(&self->img);
	image_libxl_record(&self->img, LIBXL_REC_LIBXC_CONTEXT, NULL, 0);
	image_hvm_head(&self->img);
	image_page_range(&self->img, PFN_NOTAB, 0, 3);
	end(self);
	EXPECT_TRUE(refused(self)) TH_LOG("%s", self->job.error);
}

TEST_HARNESS_MAIN
