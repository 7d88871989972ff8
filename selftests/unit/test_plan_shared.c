// SPDX-License-Identifier: GPL-2.0
/* A plan that was shared is the plan that a scan makes; all else is refused. */
#include "kselftest_harness.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"
#include "plan_shared.h"

FIXTURE(shared)
{
	struct image img;
	struct stream s;
	struct stream again;
	struct plan p;
	struct plan taken;
	struct stat st;
	char path[64];
	int fd;
	int memory;
};

FIXTURE_SETUP(shared)
{
	memset(self, 0, sizeof(*self));
	image_file_head(&self->img);
	image_hvm_head(&self->img);
	image_page_range(&self->img, PFN_NOTAB, 0, 700);
	image_page_range(&self->img, PFN_XALLOC, 1024, 600);
	image_page_range(&self->img, PFN_NOTAB, 300, 10);
	image_hvm_tail(&self->img);
	image_file_tail(&self->img);
	self->fd = image_file(&self->img, false);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, fstat(self->fd, &self->st));
	ASSERT_EQ(0, stream_open(&self->s, self->fd, "image", self->img.libxc));
	ASSERT_EQ(0, plan_for_restore(&self->p, &self->s))
		TH_LOG("%s", self->s.error);
	self->memory = plan_share(&self->p, &self->s, &self->st);
	ASSERT_LE(0, self->memory);
	snprintf(self->path, sizeof(self->path), "/proc/self/fd/%d", self->memory);
	ASSERT_EQ(0, stream_open(&self->again, self->fd, "image", self->img.libxc));
}

FIXTURE_TEARDOWN(shared)
{
	plan_free(&self->p);
	plan_free(&self->taken);
	image_free(&self->img);
	close(self->memory);
	close(self->fd);
}

static bool same_ranges(const struct plan_range *a, size_t nr_a, const struct plan_range *b,
			size_t nr_b)
{
	return nr_a == nr_b && !memcmp(a, b, nr_a * sizeof(*a));
}

static bool same_fills(const struct plan_fill *a, size_t nr_a, const struct plan_fill *b,
		       size_t nr_b)
{
	size_t i;

	for (i = 0; i < nr_a && i < nr_b; i++)
		if (a[i].gfn != b[i].gfn || a[i].offset != b[i].offset || a[i].nr != b[i].nr ||
		    a[i].zero != b[i].zero || a[i].skip_zero != b[i].skip_zero)
			return false;
	return nr_a == nr_b;
}

TEST_F(shared, same)
{
	const struct plan *p = &self->p, *t = &self->taken;

	ASSERT_EQ(0, plan_take(&self->taken, &self->again, self->path, &self->st))
		TH_LOG("%s", self->again.error);
	EXPECT_TRUE(same_ranges(p->populate, p->nr_populate, t->populate, t->nr_populate));
	EXPECT_TRUE(same_fills(p->data, p->nr_data, t->data, t->nr_data));
	EXPECT_TRUE(same_fills(p->zero, p->nr_zero, t->zero, t->nr_zero));
	EXPECT_TRUE(same_ranges(p->pod.ranges.v, p->pod.ranges.nr, t->pod.ranges.v,
				t->pod.ranges.nr));
	EXPECT_TRUE(same_ranges(p->pod.bare.v, p->pod.bare.nr, t->pod.bare.v, t->pod.bare.nr));
	EXPECT_TRUE(same_fills(p->pod.zero.v, p->pod.zero.nr, t->pod.zero.v, t->pod.zero.nr));
	EXPECT_LT(0, p->pod.ranges.nr);
	EXPECT_EQ(1300, t->pages);
	EXPECT_EQ(p->end, t->end);
	EXPECT_EQ(p->first_after_data, t->first_after_data);
	EXPECT_EQ(p->head_end, t->head_end);
	EXPECT_TRUE(t->whole);
}

/* Returns what plan_take() says. */
static const char *refusal(struct _test_data_shared *self, const char *path)
{
	if (!plan_take(&self->taken, &self->again, path, &self->st))
		return "(taken)";
	return self->taken.data ? "(refused, but not empty)" : self->again.error;
}

TEST_F(shared, other_file)
{
	self->st.st_ino++;
	EXPECT_NE(NULL, strstr(refusal(self, self->path), "of another file"));
	self->st.st_ino--;
	self->again.start++;
	EXPECT_NE(NULL, strstr(refusal(self, self->path), "of another file"));
}

TEST_F(shared, changed_file)
{
	self->st.st_mtim.tv_nsec ^= 1;
	EXPECT_NE(NULL, strstr(refusal(self, self->path), "was changed"));
	self->st.st_mtim.tv_nsec ^= 1;
	self->st.st_size++;
	EXPECT_NE(NULL, strstr(refusal(self, self->path), "was changed"));
}

/* A copy of the plan, with one byte changed, or shorter. Returns its descriptor. */
static int copy_plan(struct _test_data_shared *self, off_t change, off_t shorter, bool seal)
{
	int fd = memfd_create("copy", MFD_ALLOW_SEALING);
	off_t size = lseek(self->memory, 0, SEEK_END), i;
	char byte;

	for (i = 0; i < size - shorter; i++) {
		if (pread(self->memory, &byte, 1, i) != 1)
			return -1;
		byte ^= i == change;
		if (write(fd, &byte, 1) != 1)
			return -1;
	}
	if (seal)
		fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	snprintf(self->path, sizeof(self->path), "/proc/self/fd/%d", fd);
	return fd;
}

TEST_F(shared, every_byte_counts)
{
	const off_t size = lseek(self->memory, 0, SEEK_END);
	off_t i;

	for (i = 0; i < size; i++) {
		int fd = copy_plan(self, i, 0, true);

		ASSERT_LE(0, fd);
		EXPECT_EQ(-1, plan_take(&self->taken, &self->again, self->path, &self->st))
			TH_LOG("byte %lld", (long long)i);
		close(fd);
	}
}

TEST_F(shared, shorter)
{
	const off_t lengths[] = { 1, 8, 100, lseek(self->memory, 0, SEEK_END) };
	size_t i;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		int fd = copy_plan(self, -1, lengths[i], true);

		ASSERT_LE(0, fd);
		EXPECT_EQ(-1, plan_take(&self->taken, &self->again, self->path, &self->st));
		close(fd);
	}
}

TEST_F(shared, not_sealed)
{
	int fd = copy_plan(self, -1, 0, false);

	EXPECT_NE(NULL, strstr(refusal(self, self->path), "not in sealed memory"));
	close(fd);
	EXPECT_NE(NULL, strstr(refusal(self, "/proc/self/fd/1000000"), "No such file"));
	EXPECT_NE(NULL, strstr(refusal(self, "/dev/null"), "not in sealed memory"));
}

/* A truncated file has no plan, as for the helper. */
TEST_F(shared, no_plan)
{
	struct plan p;

	ASSERT_EQ(0, ftruncate(self->fd, (off_t)self->img.len - 8));
	ASSERT_EQ(0, stream_open(&self->again, self->fd, "image", self->img.libxc));
	EXPECT_EQ(-1, plan_for_restore(&p, &self->again));
	plan_free(&p);
}

TEST_HARNESS_MAIN
