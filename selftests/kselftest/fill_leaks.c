// SPDX-License-Identifier: GPL-2.0
/* XEN_THAW_FILL a thousand times: it gives back everything that it took. */

#include <sys/mount.h>

#include "list.h"
#include "memory.h"
#include "thaw_test.h"

#define NR		256U
#define FILLS		1000

FIXTURE(leaks) {
	int dev;
	struct domain d;
	struct image img;
	struct list l;
};

/* The place of the image, and whether it is read past the page cache. */
FIXTURE_VARIANT(leaks) {
	const char *where;
	bool direct;
};

FIXTURE_VARIANT_ADD(leaks, cached) { .where = NULL };
FIXTURE_VARIANT_ADD(leaks, direct) { .where = "THAW_EXT4", .direct = true };

FIXTURE_SETUP(leaks)
{
	unsigned int i;

	if (variant->where && !getenv(variant->where))
		SKIP(return, "%s is not set", variant->where);
	OPEN_THAW(self->dev);
	ASSERT_EQ(0, domain_create(&self->d, DOMAIN_PVH, NR));
	ASSERT_EQ(0, image_create(&self->img, variant->where ? getenv(variant->where) : NULL,
				  (NR + 1) * THAW_PAGE_SIZE));
	ASSERT_EQ(0, fsync(self->img.fd));
	self->img.direct = variant->direct;
	list_init(&self->l, self->dev, &self->d, &self->img);
	/* With an extent for each frame, a leaked array takes at least 4 KiB for each fill. */
	for (i = 0; i < NR; i++)
		list_add(&self->l, i * THAW_PAGE_SIZE + 8, i, 1);
}

FIXTURE_TEARDOWN(leaks)
{
	list_free(&self->l);
	image_free(&self->img);
	domain_destroy(&self->d);
	close(self->dev);
}

/*
 * Makes fills that succeed, and fills that fail on each error path. Return: how
 * many had an unexpected result.
 */
static int fill_all_ways(struct list *l, int times)
{
	struct xen_thaw_extent *last = &l->extents[l->nr - 1];
	struct xen_thaw_extent good = *last;
	const int fd = l->img->fd;
	int wrong = 0;

	while (times--) {
		wrong += list_fill(l, FIRST_REF, ALL_REFS) != 0;

		l->img->fd = -1;
		wrong += list_fill(l, FIRST_REF, ALL_REFS) != EBADF;
		l->img->fd = l->dev;
		wrong += list_fill(l, FIRST_REF, ALL_REFS) != ENODEV;
		l->img->fd = fd;

		last->flags = UNKNOWN_FLAG;
		wrong += list_fill(l, FIRST_REF, ALL_REFS) != EINVAL;
		*last = good;
		last->offset = l->img->size;
		wrong += list_fill(l, FIRST_REF, ALL_REFS) != ENODATA;
		*last = good;

		l->d->window[GRANT_ENTRIES - 1].frame = 1;
		wrong += list_fill(l, FIRST_REF, ALL_REFS) != EBUSY;
		l->d->window[GRANT_ENTRIES - 1].frame = 0;

		/* Xen refuses these: at the end of a batch, and after some batches. */
		last->frame++;
		wrong += list_fill(l, FIRST_REF, ALL_REFS) != EIO;
		wrong += list_fill(l, FIRST_REF, 50) != EIO;
		*last = good;
	}
	return wrong;
}

TEST_F(leaks, kernel_memory)
{
	long before;

	/* The first hundred warm up caches that keep memory. */
	EXPECT_EQ(0, fill_all_ways(&self->l, 100));
	before = memory_free_kib();
	ASSERT_LT(0, before);
	EXPECT_EQ(0, fill_all_ways(&self->l, FILLS));
	EXPECT_TRUE(domain_matches(&self->d));
	EXPECT_TRUE(memory_is_back(before));
}

/* The kernel seals a file only if nobody holds a page of it. */
TEST_F(leaks, pages_of_file)
{
	const int fd = self->img.fd;
	loff_t at = 0;
	int pipes[2];

	if (variant->direct)
		SKIP(return, "direct reads use no pages of the file");
	EXPECT_EQ(0, fill_all_ways(&self->l, 3));

	/* This shows that sealing can fail: a pipe holds a page. */
	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(1, splice(fd, &at, pipes[1], NULL, 1, 0));
	EXPECT_EQ(-1, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_EQ(EBUSY, errno);
	close(pipes[0]);
	close(pipes[1]);
	EXPECT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
}

/* The kernel unmounts a filesystem only if nobody has a file of it open. */
TEST_F(leaks, file)
{
	char dir[] = "/tmp/leaks.XXXXXX";

	if (variant->direct)
		SKIP(return, "tmpfs is not read directly");
	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, mount("tmpfs", dir, "tmpfs", 0, NULL));
	image_free(&self->img);
	ASSERT_EQ(0, image_create(&self->img, dir, (NR + 1) * THAW_PAGE_SIZE));
	EXPECT_EQ(0, fill_all_ways(&self->l, 3));

	EXPECT_EQ(-1, umount(dir));
	EXPECT_EQ(EBUSY, errno);
	close(self->img.fd);
	self->img.fd = -1;
	EXPECT_EQ(0, umount(dir));
	rmdir(dir);
}

/* Domains go away entirely, whether their fill succeeded or failed. */
TEST_F(leaks, host_memory)
{
	xc_interface *xch = xc_interface_open(NULL, NULL, 0);
	uint64_t before = 0, after;
	struct domain d;
	struct image img;
	struct list l;
	int i;

	if (variant->direct)
		SKIP(return, "this test always reads through the page cache");
	ASSERT_NE(NULL, xch);
	ASSERT_EQ(0, image_create(&img, NULL, (NR + 1) * THAW_PAGE_SIZE));
	for (i = 0; i < 22; i++) {
		/* The first two warm up memory that Xen keeps. */
		if (i == 2)
			before = host_free_pages(xch);
		ASSERT_EQ(0, domain_create(&d, i % 2 ? DOMAIN_PV : DOMAIN_PVH, NR));
		list_init(&l, self->dev, &d, &img);
		list_add(&l, 8, 0, NR);
		EXPECT_EQ(0, list_fill(&l, FIRST_REF, ALL_REFS));
		/* A frame that neither the guest nor the host has. */
		list_add_raw(&l, 8, 0xfffffff0, 1);
		EXPECT_EQ(EIO, list_fill(&l, FIRST_REF, ALL_REFS));
		list_free(&l);
		domain_destroy(&d);
	}
	after = host_free_pages(xch);
	printf("# free pages of the host: %llu, then %llu\n",
	       (unsigned long long)before, (unsigned long long)after);
	/* If a frame of each domain leaked, that would be 20. */
	EXPECT_LE(before, after + 10);
	image_free(&img);
	xc_interface_close(xch);
}

TEST_HARNESS_MAIN
