// SPDX-License-Identifier: GPL-2.0
/* XEN_THAW_FILL a thousand times: all memory comes back, dom0's and the host's. */

#include "list.h"
#include "thaw_test.h"

#define NR		256U
#define FILLS		1000
/* What else a system takes meanwhile; each leak below would be many times that. */
#define SLACK_KIB	3072L

FIXTURE(leaks) {
	int dev;
	long free_before;
};

static long free_kib(void)
{
	char line[128];
	long kib = -1;
	FILE *f;

	/* What the kernel can take back is no leak. */
	f = fopen("/proc/sys/vm/drop_caches", "w");
	if (f) {
		fputs("3\n", f);
		fclose(f);
	}
	usleep(500000);
	f = fopen("/proc/meminfo", "r");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "MemFree: %ld", &kib) == 1)
			break;
	fclose(f);
	return kib;
}

FIXTURE_SETUP(leaks)
{
	OPEN_THAW(self->dev);
	self->free_before = free_kib();
	ASSERT_LT(0, self->free_before);
}

FIXTURE_TEARDOWN(leaks)
{
	close(self->dev);
}

static bool memory_is_back(const FIXTURE_DATA(leaks) *self)
{
	long lost = 0;
	int tries;

	for (tries = 0; tries < 5; tries++) {
		lost = self->free_before - free_kib();
		if (lost < SLACK_KIB)
			return true;
	}
	printf("# %ld KiB are lost\n", lost);
	return false;
}

/* A leaked array of extents or operations is more than 4 KiB a fill. */
TEST_F(leaks, fills)
{
	struct domain d;
	struct image img;
	struct list l;
	int i, err = 0, round;

	ASSERT_EQ(0, domain_create(&d, DOMAIN_PVH, NR));
	ASSERT_EQ(0, image_create(&img, NULL, (NR + 1) * THAW_PAGE_SIZE));
	list_init(&l, self->dev, &d, &img);
	list_add(&l, 8, 0, NR - 16);
	list_add_zero(&l, NR - 16, 16);
	/* The first hundred warm up what keeps memory for later. */
	for (round = 0; round < 2; round++) {
		for (i = 0; i < (round ? FILLS : 100) && !err; i++)
			err = list_fill(&l, FIRST_REF, ALL_REFS);
		if (!round)
			self->free_before = free_kib();
	}
	EXPECT_EQ(0, err);
	EXPECT_TRUE(domain_matches(&d));
	EXPECT_TRUE(memory_is_back(self));
	list_free(&l);
	image_free(&img);
	domain_destroy(&d);
}

/* A leaked reference keeps a page of the file: 32 MiB in all. */
TEST_F(leaks, pages_of_file)
{
	const unsigned int pages = 8192;
	struct domain d;
	struct image img;
	struct list l;
	unsigned int at;

	ASSERT_EQ(0, domain_create(&d, DOMAIN_PVH, NR));
	ASSERT_EQ(0, image_create(&img, NULL, pages * THAW_PAGE_SIZE));
	list_init(&l, self->dev, &d, &img);
	for (at = 0; at + NR < pages; at += NR) {
		list_add(&l, at * THAW_PAGE_SIZE + 8, 0, NR);
		EXPECT_EQ(0, list_fill(&l, FIRST_REF, 100));
		list_clear(&l);
	}
	list_free(&l);
	image_free(&img);
	domain_destroy(&d);
	EXPECT_TRUE(memory_is_back(self));
}

/* Each way out of a fill that fails. */
TEST_F(leaks, failures)
{
	struct domain d;
	struct image img;
	struct list l;
	int i, fd;

	ASSERT_EQ(0, domain_create(&d, DOMAIN_PVH, NR));
	ASSERT_EQ(0, image_create(&img, NULL, (NR + 1) * THAW_PAGE_SIZE));
	list_init(&l, self->dev, &d, &img);
	fd = img.fd;
	list_add(&l, 8, 0, NR);
	for (i = 0; i < FILLS; i++) {
		/* EBADF */
		img.fd = -1;
		EXPECT_EQ(EBADF, list_fill(&l, FIRST_REF, ALL_REFS));
		img.fd = fd;
		/* ENODATA */
		l.extents[0].offset += THAW_PAGE_SIZE;
		EXPECT_EQ(ENODATA, list_fill(&l, FIRST_REF, ALL_REFS));
		l.extents[0].offset -= THAW_PAGE_SIZE;
		/* EBUSY */
		d.window[511].frame = 1;
		EXPECT_EQ(EBUSY, list_fill(&l, FIRST_REF, ALL_REFS));
		d.window[511].frame = 0;
		/* EIO, after a batch and amid one */
		l.extents[0].frame += 1;
		EXPECT_EQ(EIO, list_fill(&l, FIRST_REF, 200));
		l.extents[0].frame -= 1;
	}
	EXPECT_EQ(0, list_fill(&l, FIRST_REF, ALL_REFS));
	list_free(&l);
	image_free(&img);
	domain_destroy(&d);
	EXPECT_TRUE(memory_is_back(self));
}

/* Domains that were filled, and ones whose fill failed, go away entirely. */
TEST_F(leaks, host_memory)
{
	xc_interface *xch = xc_interface_open(NULL, NULL, 0);
	uint64_t before = 0, after;
	struct domain d;
	struct image img;
	struct list l;
	int i;

	ASSERT_NE(NULL, xch);
	ASSERT_EQ(0, image_create(&img, NULL, (NR + 1) * THAW_PAGE_SIZE));
	for (i = 0; i < 22; i++) {
		/* The first two warm up what Xen keeps for later. */
		if (i == 2)
			before = host_free_pages(xch);
		ASSERT_EQ(0, domain_create(&d, i % 2 ? DOMAIN_PV : DOMAIN_PVH, NR));
		list_init(&l, self->dev, &d, &img);
		list_add(&l, 8, 0, NR);
		EXPECT_EQ(0, list_fill(&l, FIRST_REF, ALL_REFS));
		l.extents[l.nr - 1].nr_frames++;
		l.extents[l.nr - 1].offset = 0;
		EXPECT_EQ(EIO, list_fill(&l, FIRST_REF, ALL_REFS));
		list_free(&l);
		domain_destroy(&d);
	}
	after = host_free_pages(xch);
	printf("# free pages of the host: %llu, then %llu\n",
	       (unsigned long long)before, (unsigned long long)after);
	/* One frame kept of each domain would be 20. */
	EXPECT_LE(before, after + 10);
	image_free(&img);
	xc_interface_close(xch);
}

TEST_HARNESS_MAIN
