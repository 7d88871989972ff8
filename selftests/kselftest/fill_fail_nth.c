// SPDX-License-Identifier: GPL-2.0
/*
 * XEN_THAW_FILL while the n-th operation that can fail in the kernel does fail, for
 * n from 1 until no operation is left. Such operations are allocations of slabs and
 * pages, copies from and to the caller's memory, and requests to the disk. This needs
 * a kernel with CONFIG_FAULT_INJECTION (see its fault-injection.rst,
 * /proc/self/fail-nth).
 */

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "list.h"
#include "memory.h"
#include "thaw_test.h"

#define NR		24U
#define IMAGE_SIZE	((NR + 2) * THAW_PAGE_SIZE)

/* No fill here has more operations that can fail. */
#define MOST		5000U

#define DEBUGFS		"/sys/kernel/debug/"

/* These settings alone make nothing fail, because the probability is 0. */
static const char * const knobs[][2] = {
	{ DEBUGFS "failslab/ignore-gfp-wait", "N" },
	{ DEBUGFS "failslab/verbose", "0" },
	{ DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N" },
	{ DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N" },
	{ DEBUGFS "fail_page_alloc/min-order", "0" },
	{ DEBUGFS "fail_page_alloc/verbose", "0" },
	{ DEBUGFS "fail_usercopy/verbose", "0" },
	{ DEBUGFS "fail_make_request/verbose", "0" },
};

static int write_text(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	const ssize_t len = strlen(text);
	int err = -1;

	if (fd >= 0 && write(fd, text, len) == len)
		err = 0;
	else
		printf("# %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return err;
}

/* Return: fail-nth of this task, or -1. */
static int open_fail_nth(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(knobs); i++)
		if (write_text(knobs[i][0], knobs[i][1]))
			return -1;
	return open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
}

static void arm(int nth, unsigned int n)
{
	char text[16];
	const int len = snprintf(text, sizeof(text), "%u", n);

	/* If fail-nth is still armed, this call may be the one that fails. */
	while (pwrite(nth, text, len, 0) != len)
		;
}

/* Disarms. Return: true if something was made to fail since arm(). */
static bool disarm(int nth)
{
	char text[16] = "";
	const ssize_t len = pread(nth, text, sizeof(text) - 1, 0);

	arm(nth, 0);
	/* If no number was read, this copy was the one that failed. */
	return len > 0 && !strtoul(text, NULL, 10);
}

FIXTURE(fail_nth) {
	int dev;
	int nth;
	struct domain d;
	struct image img;
	struct list l;
};

/* The place of the image, and the way it is read. */
FIXTURE_VARIANT(fail_nth) {
	const char *where;
	bool uncached;
	bool direct;
	unsigned int extent;	/* number of frames in each extent */
};

/* Images are read by the page cache, the filesystem's splice, splice and reads, or directly. */
FIXTURE_VARIANT_ADD(fail_nth, folios) { .where = NULL, .extent = NR };
FIXTURE_VARIANT_ADD(fail_nth, extents) { .where = NULL, .extent = 1 };
FIXTURE_VARIANT_ADD(fail_nth, splice) { .where = "THAW_OVERLAY", .extent = 10 };
FIXTURE_VARIANT_ADD(fail_nth, uncached) { .where = "THAW_EXT4", .extent = 10, .uncached = true };
FIXTURE_VARIANT_ADD(fail_nth, direct) { .where = "THAW_EXT4", .extent = 10, .direct = true };
FIXTURE_VARIANT_ADD(fail_nth, block) { .where = "THAW_RAMDISK", .extent = 10, .direct = true };

/* Lets requests to the image's disk fail. */
static int fail_disk(const struct image *img)
{
	struct stat st;
	char path[64];
	dev_t disk;

	if (fstat(img->fd, &st))
		return -1;
	disk = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/make-it-fail", major(disk),
		 minor(disk));
	/* An image in memory has no disk. */
	return access(path, F_OK) ? 0 : write_text(path, "1");
}

FIXTURE_SETUP(fail_nth)
{
	const char *where = variant->where ? getenv(variant->where) : NULL;

	if (access("/proc/thread-self/fail-nth", F_OK))
		SKIP(return, "no /proc/self/fail-nth: this is not a debug kernel");
	if (variant->where && !where)
		SKIP(return, "%s is not set", variant->where);
	OPEN_THAW(self->dev);
	self->nth = open_fail_nth();
	ASSERT_GE(self->nth, 0);
	ASSERT_EQ(0, domain_create(&self->d, DOMAIN_PVH, NR));
	ASSERT_EQ(0, image_create(&self->img, where, IMAGE_SIZE));
	ASSERT_EQ(0, fsync(self->img.fd));
	ASSERT_EQ(0, fail_disk(&self->img));
	self->img.direct = variant->direct;
	list_init(&self->l, self->dev, &self->d, &self->img);
}

FIXTURE_TEARDOWN(fail_nth)
{
	list_free(&self->l);
	image_free(&self->img);
	domain_destroy(&self->d);
	close(self->nth);
	close(self->dev);
}

/* Resets the domain, and the list of a fill to all of its frames. */
static int prepare(FIXTURE_DATA(fail_nth) *self, const FIXTURE_VARIANT(fail_nth) *variant)
{
	unsigned int at, nr;

	domain_reset(&self->d);
	list_clear(&self->l);
	for (at = 0; at < NR - 2; at += nr) {
		nr = variant->extent < NR - 2 - at ? variant->extent : NR - 2 - at;
		list_add(&self->l, at * THAW_PAGE_SIZE + 8, at, nr);
	}
	list_add_zero(&self->l, NR - 2, 2);
	return variant->uncached ? image_drop_cache(&self->img) : 0;
}

static bool results_untouched(const struct xen_thaw_fill *args)
{
	static const unsigned char ones[sizeof(*args)] = { [0 ... sizeof(*args) - 1] = 0xff };
	const size_t first = offsetof(struct xen_thaw_fill, extent);

	return !memcmp((const char *)args + first, ones, sizeof(*args) - first);
}

/* True if, after an error, the results agree, and the frames that they count are done. */
static bool stopped_right(struct list *l, int err)
{
	const struct xen_thaw_fill *args = &l->args;
	uint64_t frames = args->extent_frames;
	unsigned int i;

	if (err != ENOMEM && err != EFAULT && err != EIO) {
		printf("# errno %d\n", err);
		return false;
	}
	if (results_untouched(args))
		return err != EIO;
	for (i = 0; i < args->extent && i < l->nr; i++)
		frames += l->extents[i].nr_frames;
	if (frames != args->frames_done || args->extent >= l->nr || args->grant_status ||
	    args->extent_frames >= l->extents[args->extent].nr_frames) {
		printf("# errno %d, extent %u.%u of %u, %llu frames, status %d\n", err,
		       args->extent, args->extent_frames, l->nr,
		       (unsigned long long)args->frames_done, args->grant_status);
		return false;
	}
	return domain_range_matches(l->d, 0, frames);
}

static bool succeeded_right(struct list *l)
{
	return l->args.extent == l->nr && l->args.frames_done == NR && domain_matches(l->d);
}

TEST_F(fail_nth, fill)
{
	unsigned int n, errors[3] = { 0 };
	int err;

	for (n = 1; n < MOST; n++) {
		bool injected;

		ASSERT_EQ(0, prepare(self, variant));
		arm(self->nth, n);
		err = list_fill(&self->l, FIRST_REF, ALL_REFS);
		injected = disarm(self->nth);
		if (!injected)
			break;
		ASSERT_TRUE(err ? stopped_right(&self->l, err) : succeeded_right(&self->l)) {
			TH_LOG("n = %u", n);
		}
		ASSERT_TRUE(window_is_clear(&self->d, FIRST_REF, ALL_REFS));
		errors[err == ENOMEM ? 0 : err ? 1 : 2]++;

		ASSERT_EQ(0, prepare(self, variant));
		ASSERT_TRUE(list_fill_right(&self->l)) {
			TH_LOG("after n = %u", n);
		}
	}
	EXPECT_EQ(0, err);
	EXPECT_TRUE(succeeded_right(&self->l));
	ASSERT_LT(n, MOST);
	printf("# %u operations: %u ENOMEM, %u other errors, %u without effect\n", n - 1,
	       errors[0], errors[1], errors[2]);
	/*
	 * ENOMEM: for the list and the entries. Other errors: from the copies of arguments,
	 * list, window and results.
	 */
	EXPECT_LE(2, errors[0]);
	EXPECT_LE(4, errors[1]);
}

/* A fill gives back what it took, no matter which operation fails. */
TEST_F(fail_nth, memory)
{
	unsigned int n, round;
	long before = 0;

	for (round = 0; round < 25; round++) {
		/* The first rounds warm up caches that keep memory. */
		if (round == 5)
			before = memory_free_kib();
		for (n = 1; n < MOST; n++) {
			ASSERT_EQ(0, prepare(self, variant));
			arm(self->nth, n);
			list_fill(&self->l, FIRST_REF, ALL_REFS);
			if (!disarm(self->nth))
				break;
		}
	}
	ASSERT_LT(0, before);
	EXPECT_TRUE(memory_is_back(before));
	/* Sealing succeeds only if nobody holds a page of the file. */
	if (!variant->where)
		EXPECT_EQ(0, fcntl(self->img.fd, F_ADD_SEALS, F_SEAL_WRITE));
}

FIXTURE(calls) {
	int dev;
	int nth;
};

FIXTURE_SETUP(calls)
{
	if (access("/proc/thread-self/fail-nth", F_OK))
		SKIP(return, "no /proc/self/fail-nth: this is not a debug kernel");
	OPEN_THAW(self->dev);
	self->nth = open_fail_nth();
	ASSERT_GE(self->nth, 0);
}

FIXTURE_TEARDOWN(calls)
{
	close(self->nth);
	close(self->dev);
}

TEST_F(calls, open)
{
	unsigned int n, failed = 0;
	bool injected;
	int fd, err;

	for (n = 1; n < MOST; n++) {
		arm(self->nth, n);
		fd = open(XEN_THAW_DEVICE, O_RDWR | O_CLOEXEC);
		err = errno;
		injected = disarm(self->nth);
		if (fd >= 0)
			close(fd);
		else if (err == ENOMEM || err == EFAULT)
			failed++;
		else
			EXPECT_EQ(0, err);
		if (!injected)
			break;
	}
	EXPECT_GE(fd, 0);
	EXPECT_LE(2, failed);
}

TEST_F(calls, query)
{
	struct xen_thaw_query query;
	unsigned int n;
	bool injected;
	int err;

	for (n = 1; n < MOST; n++) {
		query = (struct xen_thaw_query) { .size = sizeof(query) };
		arm(self->nth, n);
		err = thaw_ioctl(self->dev, XEN_THAW_QUERY, &query);
		injected = disarm(self->nth);
		if (!injected)
			break;
		EXPECT_EQ(EFAULT, err);
	}
	EXPECT_EQ(0, err);
	EXPECT_EQ(XEN_THAW_VERSION, query.version);
	/* The copies in and out can fail. */
	EXPECT_EQ(3, n);
}

TEST_HARNESS_MAIN
