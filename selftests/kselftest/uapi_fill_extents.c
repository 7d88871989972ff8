// SPDX-License-Identifier: GPL-2.0
/* XEN_THAW_FILL: extents that it refuses, and extents that it must not refuse. */

#include <sys/mman.h>

#include "fill_call.h"
#include "thaw_test.h"

#define LAST_FRAME	0xffffffffULL

FIXTURE(fill_extents) {
	int dev;
	struct fill_call call;
	struct xen_thaw_extent *extents;
};

FIXTURE_SETUP(fill_extents)
{
	OPEN_THAW(self->dev);
	ASSERT_EQ(0, fill_call_init(&self->call, self->dev));
	self->extents = self->call.extents;
	/* If the base call were refused, the tests below would prove nothing. */
	ASSERT_TRUE(fill_accepted(&self->call));
}

FIXTURE_TEARDOWN(fill_extents)
{
	fill_call_free(&self->call);
	close(self->dev);
}

/* The module checks the first, a middle and the last extent. */
#define for_each_extent(e, self) \
	for ((e) = (self)->extents; (e) < (self)->extents + CALL_EXTENTS; (e)++)

TEST_F(fill_extents, bad_pointer)
{
	struct xen_thaw_fill *args = &self->call.args;
	const unsigned long end = (uintptr_t)self->call.window + THAW_PAGE_SIZE;

	args->extents = 0;
	EXPECT_EQ(EFAULT, fill_refused(&self->call));
	args->extents = 0xffff888000000000UL;
	EXPECT_EQ(EFAULT, fill_refused(&self->call));
	args->extents = ~0UL;
	EXPECT_EQ(EFAULT, fill_refused(&self->call));
	args->extents = end;
	EXPECT_EQ(EFAULT, fill_refused(&self->call));
	/* All bytes but the last are in the file. */
	args->extents = end - sizeof(self->call.extents) + 1;
	EXPECT_EQ(EFAULT, fill_refused(&self->call));
}

TEST_F(fill_extents, unaligned_pointer)
{
	char copy[sizeof(self->call.extents) + 1];

	memcpy(copy + 1, self->extents, sizeof(self->call.extents));
	self->call.args.extents = (uintptr_t)copy + 1;
	EXPECT_TRUE(fill_accepted(&self->call));
}

TEST_F(fill_extents, flags)
{
	struct xen_thaw_extent *e;
	unsigned int bit;

	for_each_extent(e, self) {
		for (bit = 2; bit < 32; bit++) {
			e->flags = 1U << bit;
			EXPECT_EQ(EINVAL, fill_refused(&self->call));
		}
		e->flags = 0;
	}
}

TEST_F(fill_extents, zero_extent_that_skips_zeros)
{
	struct xen_thaw_extent *e;

	for_each_extent(e, self) {
		struct xen_thaw_extent good = *e;

		e->offset = 0;
		e->flags = XEN_THAW_EXTENT_ZERO | XEN_THAW_EXTENT_SKIP_ZERO;
		EXPECT_EQ(EINVAL, fill_refused(&self->call));
		*e = good;
	}
}

TEST_F(fill_extents, nr_frames_zero)
{
	struct xen_thaw_extent *e;

	for_each_extent(e, self) {
		e->nr_frames = 0;
		EXPECT_EQ(EINVAL, fill_refused(&self->call));
		e->nr_frames = 1;
	}
}

TEST_F(fill_extents, zero_extent_with_offset)
{
	struct xen_thaw_extent *e;

	for_each_extent(e, self) {
		struct xen_thaw_extent good = *e;

		e->flags = XEN_THAW_EXTENT_ZERO;
		e->offset = 1;
		EXPECT_EQ(EINVAL, fill_refused(&self->call));
		e->offset = 1ULL << 63;
		EXPECT_EQ(EINVAL, fill_refused(&self->call));
		*e = good;
	}
}

TEST_F(fill_extents, offset_overflow)
{
	struct xen_thaw_extent *e;

	for_each_extent(e, self) {
		struct xen_thaw_extent good = *e;

		e->offset = ~0ULL;
		EXPECT_EQ(EOVERFLOW, fill_refused(&self->call));
		e->offset = 0 - THAW_PAGE_SIZE;
		EXPECT_EQ(EOVERFLOW, fill_refused(&self->call));
		e->frame = 0;
		e->nr_frames = ~0U;
		e->offset = 0 - ((__u64)~0U << 12);
		EXPECT_EQ(EOVERFLOW, fill_refused(&self->call));
		*e = good;
	}
}

TEST_F(fill_extents, frame_overflow)
{
	struct xen_thaw_extent *e;

	for_each_extent(e, self) {
		struct xen_thaw_extent good = *e;

		e->frame = ~0ULL;
		EXPECT_EQ(EOVERFLOW, fill_refused(&self->call));
		e->frame = ~0ULL - 1;
		e->nr_frames = 2;
		EXPECT_EQ(EOVERFLOW, fill_refused(&self->call));
		*e = good;
	}
}

TEST_F(fill_extents, frame_beyond_grant_entry)
{
	struct xen_thaw_extent *e;

	for_each_extent(e, self) {
		struct xen_thaw_extent good = *e;

		e->frame = LAST_FRAME;
		EXPECT_TRUE(fill_accepted(&self->call));
		e->frame = LAST_FRAME + 1;
		EXPECT_EQ(ERANGE, fill_refused(&self->call));
		e->frame = ~0ULL - 1;
		EXPECT_EQ(ERANGE, fill_refused(&self->call));
		*e = good;
		e->offset = 0;
		e->nr_frames = 2;
		e->frame = LAST_FRAME - 1;
		EXPECT_TRUE(fill_accepted(&self->call));
		e->frame = LAST_FRAME;
		EXPECT_EQ(ERANGE, fill_refused(&self->call));
		*e = good;
	}
}

TEST_F(fill_extents, zero_extents_are_checked_too)
{
	struct xen_thaw_extent *e;

	for_each_extent(e, self) {
		struct xen_thaw_extent good = *e;

		e->offset = 0;
		e->flags = XEN_THAW_EXTENT_ZERO;
		EXPECT_TRUE(fill_accepted(&self->call));
		e->frame = LAST_FRAME + 1;
		EXPECT_EQ(ERANGE, fill_refused(&self->call));
		e->frame = ~0ULL;
		EXPECT_EQ(EOVERFLOW, fill_refused(&self->call));
		e->frame = good.frame;
		e->nr_frames = 0;
		EXPECT_EQ(EINVAL, fill_refused(&self->call));
		e->nr_frames = 1;
		e->flags |= XEN_THAW_EXTENT_SKIP_ZERO;
		EXPECT_EQ(EINVAL, fill_refused(&self->call));
		*e = good;
	}
}

TEST_F(fill_extents, end_of_file)
{
	struct xen_thaw_extent *e;

	for_each_extent(e, self) {
		const unsigned int index = e - self->extents;
		struct xen_thaw_extent good = *e;

		e->offset = CALL_FILE_SIZE - THAW_PAGE_SIZE;
		EXPECT_TRUE(fill_accepted(&self->call));
		e->offset++;
		EXPECT_EQ(ENODATA, fill_refused_at(&self->call, index));
		e->offset = CALL_FILE_SIZE;
		EXPECT_EQ(ENODATA, fill_refused_at(&self->call, index));
		/* This is above all file offsets, but does not overflow. */
		e->offset = ~0ULL - THAW_PAGE_SIZE;
		EXPECT_EQ(ENODATA, fill_refused_at(&self->call, index));

		e->offset = 100;
		e->nr_frames = CALL_PAGES;
		EXPECT_TRUE(fill_accepted(&self->call));
		e->offset = 101;
		EXPECT_EQ(ENODATA, fill_refused_at(&self->call, index));
		e->offset = 0;
		e->nr_frames = ~0U - e->frame;
		EXPECT_EQ(ENODATA, fill_refused_at(&self->call, index));
		*e = good;
	}
}

TEST_F(fill_extents, first_beyond_end_is_reported)
{
	self->extents[1].offset = CALL_FILE_SIZE;
	self->extents[2].offset = CALL_FILE_SIZE;
	EXPECT_EQ(ENODATA, fill_refused_at(&self->call, 1));
}

TEST_F(fill_extents, empty_file)
{
	struct xen_thaw_extent *e;

	ASSERT_EQ(0, ftruncate(self->call.file, 0));
	EXPECT_EQ(ENODATA, fill_refused_at(&self->call, 0));
	/* A zero extent does not read the file. */
	for_each_extent(e, self) {
		e->offset = 0;
		e->flags = XEN_THAW_EXTENT_ZERO;
	}
	EXPECT_TRUE(fill_accepted(&self->call));
}

TEST_HARNESS_MAIN
