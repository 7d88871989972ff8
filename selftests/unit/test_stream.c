// SPDX-License-Identifier: GPL-2.0
/* savefile.c and stream.c: what they accept, what they refuse, and with which error. */
#include <fcntl.h>

#include "kselftest_harness.h"

#include "bad.h"
#include "plan.h"
#include "savefile.h"

static int plan_file(const struct image *img, struct savefile *f)
{
	int fd = image_file(img, false);
	struct plan p;
	int ret = savefile_open(f, fd, "test");

	if (!ret) {
		ret = plan_build(&p, &f->stream);
		plan_free(&p);
	}
	close(fd);
	return ret;
}

FIXTURE(stream)
{
	struct image img;
	struct savefile f;
	struct plan p;
};

FIXTURE_SETUP(stream)
{
	memset(self, 0, sizeof(*self));
}

FIXTURE_TEARDOWN(stream)
{
	image_free(&self->img);
	plan_free(&self->p);
}

/* Returns what the expected function returned, or -2 if an earlier one refused the image. */
static int refuse(const struct bad *bad, const struct image *img,
		  struct savefile *f, int fd)
{
	struct plan p;
	int ret = savefile_open(f, fd, "test");

	if (bad->where == BAD_FILE)
		return ret;
	if (bad->where == BAD_OPEN)
		return ret == -1 ?
		       stream_open(&f->stream, fd, "test", img->libxc) : -2;
	if (ret)
		return -2;
	ret = plan_build(&p, &f->stream);
	plan_free(&p);
	return ret;
}

/* Each image of bad.c is refused by its function, with its error. */
TEST_F(stream, bad)
{
	const char *error = self->f.stream.error;
	const struct bad *bad;
	int fd;

	for (bad = bad_images; bad->name; bad++) {
		image_free(&self->img);
		bad_image(&self->img, bad);
		fd = image_file(&self->img, false);
		EXPECT_EQ(bad->where == BAD_STOCK ? 1 : -1,
			  refuse(bad, &self->img, &self->f, fd))
			TH_LOG("%s: %s", bad->name, error);
		EXPECT_EQ(0, strncmp(error, "offset ", 7))
			TH_LOG("%s: %s", bad->name, error);
		EXPECT_NE(NULL, strstr(error, bad->error))
			TH_LOG("%s: %s", bad->name, error);
		EXPECT_EQ(NULL, strchr(error, '\n'));
		EXPECT_EQ(0, lseek(fd, 0, SEEK_CUR));
		close(fd);
	}
}

TEST_F(stream, good)
{
	image_file_head(&self->img);
	image_hvm_head(&self->img);
	image_page_range(&self->img, PFN_NOTAB, 0, 3);
	image_hvm_tail(&self->img);
	image_file_tail(&self->img);

	ASSERT_EQ(0, plan_file(&self->img, &self->f))
		TH_LOG("%s", self->f.stream.error);
	EXPECT_EQ(SAVEFILE_XL, self->f.toolstack);
	EXPECT_EQ(self->img.libxl, self->f.libxl);
	EXPECT_EQ(2, self->f.libxl_version);
	EXPECT_EQ(true, self->f.config_json);
	EXPECT_EQ(sizeof(IMAGE_CONFIG), self->f.config_len);
	EXPECT_EQ(self->img.libxc, self->f.stream.start);
	EXPECT_EQ(self->img.len, self->f.stream.file_size);
	EXPECT_EQ(3, self->f.stream.version);
	EXPECT_EQ(STREAM_GUEST_HVM, self->f.stream.guest_type);
	EXPECT_EQ(4, self->f.stream.xen_major);
	EXPECT_EQ(17, self->f.stream.xen_minor);
	EXPECT_EQ(self->img.len - 8, self->f.stream.next);
	EXPECT_STREQ("", self->f.stream.error);
}

/* Version 2 has no STATIC_DATA_END. */
TEST_F(stream, version_2)
{
	image_file_head(&self->img);
	image_libxc(&self->img, 2, STREAM_GUEST_PV);
	image_page_range(&self->img, PFN_NOTAB, 0, 3);
	image_hvm_tail(&self->img);

	ASSERT_EQ(0, plan_file(&self->img, &self->f))
		TH_LOG("%s", self->f.stream.error);
	EXPECT_EQ(2, self->f.stream.version);
	EXPECT_EQ(STREAM_GUEST_PV, self->f.stream.guest_type);
}

TEST_F(stream, libvirt)
{
	int fd;

	image_libvirt(&self->img, "<domain><name>v</name></domain>");
	image_libxl(&self->img);
	image_libxl_record(&self->img, LIBXL_REC_LIBXC_CONTEXT, NULL, 0);
	image_hvm_head(&self->img);
	image_hvm_tail(&self->img);
	ASSERT_EQ(0, plan_file(&self->img, &self->f))
		TH_LOG("%s", self->f.stream.error);
	EXPECT_EQ(SAVEFILE_LIBVIRT, self->f.toolstack);
	EXPECT_EQ(false, self->f.config_json);
	EXPECT_EQ(self->img.libxc, self->f.stream.start);

	/* Version 1; then an XML that is longer than the file. */
	image_put32(&self->img, 16, 1);
	EXPECT_EQ(-1, plan_file(&self->img, &self->f));
	EXPECT_NE(NULL, strstr(self->f.stream.error, "version 1"));
	image_put32(&self->img, 16, 2);
	image_put32(&self->img, 20, 0xffffffff);
	fd = image_file(&self->img, false);
	EXPECT_EQ(-1, savefile_open(&self->f, fd, "test"));
	EXPECT_EQ(NULL, savefile_config(&self->f));
	close(fd);
}

TEST_F(stream, config)
{
	char *config;
	int fd;

	image_file_head(&self->img);
	image_hvm_head(&self->img);
	image_hvm_tail(&self->img);
	fd = image_file(&self->img, false);
	ASSERT_EQ(0, savefile_open(&self->f, fd, "test"));
	config = savefile_config(&self->f);
	ASSERT_NE(NULL, config);
	EXPECT_STREQ(IMAGE_CONFIG, config);
	free(config);
	close(fd);
}

TEST_F(stream, config_none)
{
	int fd;

	image_xl(&self->img, NULL);
	image_libxl(&self->img);
	image_libxl_record(&self->img, LIBXL_REC_LIBXC_CONTEXT, NULL, 0);
	image_hvm_head(&self->img);
	fd = image_file(&self->img, false);
	ASSERT_EQ(0, savefile_open(&self->f, fd, "test"));
	EXPECT_EQ(NULL, savefile_config(&self->f));
	close(fd);
}

/* The config is larger than any real one. It is a hole, and is never read. */
TEST_F(stream, config_over_limit)
{
	const uint32_t len = (16U << 20) + 1;
	int fd;

	image_xl(&self->img, NULL);
	image_put32(&self->img, 44, len + 4);
	image_put32(&self->img, 48, len);
	image_add_zero(&self->img, len);
	image_libxl(&self->img);
	image_libxl_record(&self->img, LIBXL_REC_LIBXC_CONTEXT, NULL, 0);
	image_hvm_head(&self->img);
	fd = image_file(&self->img, true);
	ASSERT_EQ(0, savefile_open(&self->f, fd, "test"))
		TH_LOG("%s", self->f.stream.error);
	EXPECT_EQ(NULL, savefile_config(&self->f));
	EXPECT_NE(NULL, strstr(self->f.stream.error, "the limit is"));
	close(fd);
}

/* xl skips optional data that it does not know, and so do we. */
TEST_F(stream, padded_xl_header)
{
	uint32_t len = sizeof(IMAGE_CONFIG) + 4 + 3;

	image_xl(&self->img, IMAGE_CONFIG);
	image_add(&self->img, "pad", 3);
	image_put32(&self->img, 44, len);
	image_libxl(&self->img);
	/* Other records, one of which is padded, come before LIBXC_CONTEXT. */
	image_libxl_record(&self->img, LIBXL_REC_EMULATOR_XENSTORE_DATA,
			   "123456789", 9);
	image_libxl_record(&self->img, LIBXL_REC_LIBXC_CONTEXT, NULL, 0);
	image_hvm_head(&self->img);
	image_hvm_tail(&self->img);
	ASSERT_EQ(0, plan_file(&self->img, &self->f))
		TH_LOG("%s", self->f.stream.error);
	EXPECT_EQ(self->img.libxc, self->f.stream.start);
}

/* An HVM guest has records after the libxc stream. */
TEST_F(stream, libxl_tail)
{
	struct stream_record rec;
	uint64_t offset;
	int fd;

	image_file_head(&self->img);
	image_hvm_head(&self->img);
	image_hvm_tail(&self->img);
	offset = self->img.len;
	image_libxl_record(&self->img, LIBXL_REC_EMULATOR_CONTEXT, "QEVM12345",
			   9);
	image_file_tail(&self->img);

	fd = image_file(&self->img, false);
	ASSERT_EQ(0, savefile_open(&self->f, fd, "test"));
	ASSERT_EQ(0, savefile_next(&self->f, &offset, &rec));
	EXPECT_EQ(LIBXL_REC_EMULATOR_CONTEXT, rec.type);
	EXPECT_EQ(9, rec.length);
	ASSERT_EQ(0, savefile_next(&self->f, &offset, &rec));
	EXPECT_EQ(LIBXL_REC_END, rec.type);
	EXPECT_EQ(self->img.len, offset);
	EXPECT_EQ(-1, savefile_next(&self->f, &offset, &rec));
	close(fd);
}

/* An image that is truncated at any byte is reported as damaged. */
TEST_F(stream, truncated)
{
	size_t len, whole;
	int fd;

	image_file_head(&self->img);
	image_hvm_head(&self->img);
	image_page_range(&self->img, PFN_NOTAB, 0, 2);
	image_page_range(&self->img, PFN_XALLOC, 2, 2);
	image_hvm_tail(&self->img);
	whole = self->img.len;
	fd = image_file(&self->img, false);

	for (len = whole; len-- > 0;) {
		ASSERT_EQ(0, ftruncate(fd, (off_t)len));
		if (!savefile_open(&self->f, fd, "test")) {
			ASSERT_EQ(-1, plan_build(&self->p, &self->f.stream))
				TH_LOG("%zu bytes", len);
			plan_free(&self->p);
		}
		ASSERT_NE(NULL, strstr(self->f.stream.error, "the file ends"))
			TH_LOG("%zu bytes: %s", len, self->f.stream.error);
	}
	close(fd);
}

TEST_F(stream, pipe)
{
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	EXPECT_EQ(-1, savefile_open(&self->f, fds[0], "test"));
	EXPECT_NE(NULL, strstr(self->f.stream.error, "neither a regular file"));
	EXPECT_EQ(-1, stream_open(&self->f.stream, fds[0], "test", 0));
	EXPECT_NE(NULL, strstr(self->f.stream.error, "neither a regular file"));
	close(fds[0]);
	close(fds[1]);
}

/* If a file cannot be read, the error has the system's reason. */
TEST_F(stream, unreadable)
{
	int fd = memfd_create("image", MFD_CLOEXEC), wr;
	char path[64];

	ASSERT_EQ(0, ftruncate(fd, 4096));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	wr = open(path, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, wr);
	EXPECT_EQ(-1, savefile_open(&self->f, wr, "test"));
	EXPECT_NE(NULL, strstr(self->f.stream.error, strerror(EBADF)));
	close(wr);
	close(fd);
}

/* The error names other kinds of files that users often mistake for a save file. */
TEST_F(stream, other_files)
{
	static const struct {
		char magic[17];
		const char *error;
	} others[] = {
		{ "\x1f\x8b\x08", "compressed with gzip: " },
		{ "\3757zXZ\0", " xz -dc FILE | xl restore /dev/stdin" },
		{ "\x28\xb5\x2f\xfd", " zstd -dc FILE | xl restore /dev/stdin" },
		{ "\x04\x22\x4d\x18", " lz4 -dc FILE | xl restore /dev/stdin" },
		{ "BZh9", " bzip2 -dc FILE | xl restore /dev/stdin" },
		{ "XenSavedDomain\n", "xe vm-resume" },
		{ "XenSavedDomv2-\n", "xe vm-resume" },
		{ "LinuxGuestRecord", "saved by xm" },
		{ "LibvirtQemudSave", "not of Xen" },
		{ "QEVM\0\0\0\x03", "state of QEMU" },
		{ "QFI\xfb\0\0\0\x03", "qcow2" },
		{ "\177ELF\x02", "a core cannot be restored" },
		{ "XenSavedVM", "neither xl's nor libvirt's" },
		{ "\3757zXz", "neither xl's nor libvirt's" },
	};
	const char *error = self->f.stream.error;
	char start[32];
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		memset(start, 0, sizeof(start));
		memcpy(start, others[i].magic, sizeof(others[i].magic));
		fd = memfd_create("other", MFD_CLOEXEC);
		ASSERT_EQ(sizeof(start), write(fd, start, sizeof(start)));
		EXPECT_EQ(-1, savefile_open(&self->f, fd, "other"));
		EXPECT_EQ(0, strncmp(error, "offset 0: ", 10));
		EXPECT_NE(NULL, strstr(error, others[i].error))
			TH_LOG("%s", error);
		/* The line is complete. */
		EXPECT_GT(sizeof(self->f.stream.error) - 1, strlen(error));
		close(fd);
	}
}

/* Offsets overflow. */
TEST_F(stream, start_behind_the_end)
{
	int fd = memfd_create("image", MFD_CLOEXEC);
	static const uint64_t starts[] = {
		4096, 4057, UINT64_MAX, UINT64_MAX - 40, INT64_MAX
	};
	size_t i;

	ASSERT_EQ(0, ftruncate(fd, 4096));
	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		EXPECT_EQ(-1, stream_open(&self->f.stream, fd, "test",
					  starts[i]));
		EXPECT_NE(NULL, strstr(self->f.stream.error, "the file ends"));
	}
	close(fd);
}

TEST(record_names)
{
	uint32_t type;

	for (type = 0; type <= REC_X86_MSR_POLICY; type++)
		EXPECT_STRNE("unknown", record_name(type));
	EXPECT_STREQ("PAGE_DATA", record_name(REC_PAGE_DATA));
	EXPECT_STREQ("unknown", record_name(REC_X86_MSR_POLICY + 1));
	EXPECT_STREQ("unknown", record_name(~REC_OPTIONAL));
	EXPECT_STREQ("optional", record_name(REC_OPTIONAL));
	EXPECT_STREQ("optional", record_name(UINT32_MAX));
	EXPECT_STREQ("END", savefile_rec_name(LIBXL_REC_END));
	EXPECT_STREQ("unknown", savefile_rec_name(6));
}

TEST_HARNESS_MAIN
