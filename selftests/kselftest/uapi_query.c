// SPDX-License-Identifier: GPL-2.0
/* XEN_THAW_QUERY: its sizes, the structs that it refuses, and its results. */

#include <stddef.h>
#include <sys/mman.h>

#include "thaw_test.h"

/* The size of the struct's first version is a part of the contract. */
#define QUERY_SIZE_V1	32

struct padded_query {
	struct xen_thaw_query query;
	unsigned char surplus[THAW_PAGE_SIZE];
};

FIXTURE(query) {
	int dev;
	struct padded_query args;
	struct padded_query before;
};

FIXTURE_SETUP(query)
{
	OPEN_THAW(self->dev);
	memset(&self->args.query, 0x5a, sizeof(self->args.query));
	self->args.query.size = sizeof(self->args.query);
	self->args.query.flags = 0;
	self->before = self->args;
}

FIXTURE_TEARDOWN(query)
{
	close(self->dev);
}

static int query(FIXTURE_DATA(query) *self)
{
	self->before = self->args;
	return thaw_ioctl(self->dev, XEN_THAW_QUERY, &self->args);
}

static bool untouched(FIXTURE_DATA(query) *self)
{
	return !memcmp(&self->before, &self->args, sizeof(self->args));
}

static bool answered(const FIXTURE_DATA(query) *self)
{
	const struct xen_thaw_query *q = &self->args.query;

	return q->size >= QUERY_SIZE_V1 && q->flags == 0 &&
	       q->version == XEN_THAW_VERSION && q->max_extents >= 1 &&
	       q->max_extents < 0x5a5a5a5a &&
	       q->features == (XEN_THAW_FEATURE_ZERO | XEN_THAW_FEATURE_DIRECT |
			       XEN_THAW_FEATURE_SKIP_ZERO) &&
	       q->first_ref == 8 &&
	       q->end_ref == GRANT_ENTRIES;
}

TEST_F(query, answer)
{
	ASSERT_EQ(0, query(self));
	EXPECT_EQ(sizeof(struct xen_thaw_query), self->args.query.size);
	EXPECT_TRUE(answered(self));
}

TEST_F(query, size_zero)
{
	self->args.query.size = 0;
	EXPECT_EQ(EINVAL, query(self));
	EXPECT_TRUE(untouched(self));
}

TEST_F(query, size_first_version)
{
	self->args.query.size = QUERY_SIZE_V1;
	ASSERT_EQ(0, query(self));
	EXPECT_TRUE(answered(self));
}

TEST_F(query, size_one_less)
{
	self->args.query.size = QUERY_SIZE_V1 - 1;
	EXPECT_EQ(EINVAL, query(self));
	EXPECT_TRUE(untouched(self));
}

TEST_F(query, size_one_more_zero)
{
	self->args.query.size++;
	ASSERT_EQ(0, query(self));
	EXPECT_EQ(sizeof(struct xen_thaw_query), self->args.query.size);
	EXPECT_TRUE(answered(self));
	EXPECT_EQ(0, self->args.surplus[0]);
}

TEST_F(query, size_one_more_set)
{
	self->args.query.size++;
	self->args.surplus[0] = 1;
	EXPECT_EQ(E2BIG, query(self));
	EXPECT_TRUE(untouched(self));
}

TEST_F(query, size_page)
{
	self->args.query.size = THAW_PAGE_SIZE;
	ASSERT_EQ(0, query(self));
	EXPECT_TRUE(answered(self));

	self->args.query.size = THAW_PAGE_SIZE;
	self->args.surplus[THAW_PAGE_SIZE - sizeof(self->args.query) - 1] = 0x80;
	EXPECT_EQ(E2BIG, query(self));
	EXPECT_TRUE(untouched(self));
}

TEST_F(query, size_above_page)
{
	self->args.query.size = THAW_PAGE_SIZE + 1;
	EXPECT_EQ(E2BIG, query(self));
	EXPECT_TRUE(untouched(self));
	self->args.query.size = ~0U;
	EXPECT_EQ(E2BIG, query(self));
	EXPECT_TRUE(untouched(self));
}

TEST_F(query, flags)
{
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		self->args.query.flags = 1U << bit;
		EXPECT_EQ(EINVAL, query(self));
		EXPECT_TRUE(untouched(self));
	}
}

TEST_F(query, null_pointer)
{
	EXPECT_EQ(EFAULT, thaw_ioctl(self->dev, XEN_THAW_QUERY, NULL));
}

TEST_F(query, kernel_pointer)
{
	EXPECT_EQ(EFAULT, thaw_ioctl(self->dev, XEN_THAW_QUERY,
				     (void *)0xffff888000000000UL));
}

TEST_F(query, struct_across_end_of_memory)
{
	struct xen_thaw_query *q;
	char *pages;

	pages = mmap(NULL, 2 * THAW_PAGE_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)pages);
	ASSERT_EQ(0, mprotect(pages + THAW_PAGE_SIZE, THAW_PAGE_SIZE, PROT_NONE));

	q = (void *)(pages + THAW_PAGE_SIZE - offsetof(struct xen_thaw_query, end_ref));
	q->size = sizeof(*q);
	EXPECT_EQ(EFAULT, thaw_ioctl(self->dev, XEN_THAW_QUERY, q));

	/* The struct is accessible, but not the surplus that its size claims. */
	q = (void *)(pages + THAW_PAGE_SIZE - sizeof(*q));
	memset(q, 0, sizeof(*q));
	q->size = sizeof(*q);
	EXPECT_EQ(0, thaw_ioctl(self->dev, XEN_THAW_QUERY, q));
	q->size = sizeof(*q) + 1;
	EXPECT_EQ(EFAULT, thaw_ioctl(self->dev, XEN_THAW_QUERY, q));
}

TEST_F(query, read_only_struct)
{
	struct xen_thaw_query *q;

	q = mmap(NULL, THAW_PAGE_SIZE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)q);
	q->size = sizeof(*q);
	ASSERT_EQ(0, mprotect(q, THAW_PAGE_SIZE, PROT_READ));
	EXPECT_EQ(EFAULT, thaw_ioctl(self->dev, XEN_THAW_QUERY, q));
}

TEST_HARNESS_MAIN
