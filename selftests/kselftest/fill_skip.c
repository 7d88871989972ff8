// SPDX-License-Identifier: GPL-2.0
/*
 * XEN_THAW_EXTENT_SKIP_ZERO: a frame whose bytes in the file are zero keeps what it
 * has; every other frame is written; the numbers count both.
 */

#include "fill_kinds.h"

/* Writes to the image. Return: true if all was written. */
static bool image_write(struct image *img, uint64_t offset, const void *bytes, size_t len)
{
	memcpy(img->data + offset, bytes, len);
	return pwrite(img->fd, bytes, len, offset) == (ssize_t)len;
}

TEST_F(fill, no_zeros)
{
	list_add_skip_zero(&self->l, 0, 0, NR);
	ASSERT_EQ(0, self->l.skipped);
	ASSERT_TRUE(list_fill_right(&self->l));
	EXPECT_EQ(NR, self->l.args.copy_ops);
	list_add_skip_zero(&self->l, 8, 0, NR);
	EXPECT_TRUE(list_fill_right(&self->l));
}

TEST_F(fill, nothing_but_zeros)
{
	ASSERT_EQ(0, image_punch(&self->img, 0, IMAGE_SIZE));
	list_add_skip_zero(&self->l, 0, 0, NR);
	ASSERT_TRUE(list_fill_right(&self->l));
	EXPECT_EQ(NR, self->l.args.frames_skipped);
	EXPECT_EQ(0, self->l.args.hypercalls);
	list_add_skip_zero(&self->l, 2222, 0, NR);
	ASSERT_TRUE(list_fill_right(&self->l));
	EXPECT_EQ(0, self->l.args.copy_ops);
}

/* Runs of zeros of all lengths, around the size of the window, too. */
TEST_F(fill, runs_of_zeros)
{
	unsigned int at, nr;

	for (at = 1, nr = 1; at + nr < NR; at += nr + 3, nr += nr / 2 + 1)
		ASSERT_EQ(0, image_punch(&self->img, at * THAW_PAGE_SIZE,
					 nr * THAW_PAGE_SIZE));
	list_add_skip_zero(&self->l, 0, 0, NR);
	ASSERT_TRUE(list_fill_right(&self->l));
	list_add_skip_zero(&self->l, 8, 0, NR);
	ASSERT_TRUE(list_fill_right(&self->l));
	list_add_skip_zero(&self->l, 4088, 0, NR);
	ASSERT_TRUE(list_fill_right_by(&self->l, 100, 3));
	list_add_skip_zero(&self->l, 4095, 0, 100);
	EXPECT_TRUE(list_fill_right_by(&self->l, FIRST_REF, 1));
}

/* One byte, anywhere in the frame and on either side of a page's end, is enough. */
TEST_F(fill, one_byte)
{
	static const unsigned int bytes[] = { 0, 1, 7, 8, 100, 2047, 2048, 4087, 4088, 4095 };
	static const unsigned int offsets[] = { 0, 1, 8, 2048, 4088, 4095 };
	const unsigned char one = 1;
	unsigned int i, k;

	for (k = 0; k < ARRAY_SIZE(offsets); k++) {
		ASSERT_EQ(0, image_punch(&self->img, 0, IMAGE_SIZE));
		for (i = 0; i < ARRAY_SIZE(bytes); i++)
			ASSERT_TRUE(image_write(&self->img, offsets[k] +
						2 * i * THAW_PAGE_SIZE + bytes[i], &one, 1));
		list_add_skip_zero(&self->l, offsets[k], 0, 2 * ARRAY_SIZE(bytes));
		EXPECT_EQ(ARRAY_SIZE(bytes), self->l.skipped);
		EXPECT_TRUE(list_fill_right(&self->l));
	}
}

/* Only the extents that have the flag skip. */
TEST_F(fill, among_others)
{
	unsigned int i;

	ASSERT_EQ(0, image_punch(&self->img, 100 * THAW_PAGE_SIZE, 500 * THAW_PAGE_SIZE));
	for (i = 0; i < 900; i += 3) {
		list_add_skip_zero(&self->l, i * THAW_PAGE_SIZE + 8, i, 1);
		list_add(&self->l, (i + 1) * THAW_PAGE_SIZE + 8, i + 1, 1);
		list_add_zero(&self->l, i + 2, 1);
	}
	EXPECT_LT(100, self->l.skipped);
	EXPECT_TRUE(list_fill_right(&self->l));
}

/* Skipped frames count as complete, up to the frame that Xen refuses. */
TEST_F(fill, stopped)
{
	ASSERT_EQ(0, image_punch(&self->img, 10 * THAW_PAGE_SIZE, 90 * THAW_PAGE_SIZE));
	list_add_skip_zero(&self->l, 0, 0, 100);
	list_add_raw(&self->l, 0, 0x7fffff00, 1);
	list_add_skip_zero(&self->l, 20 * THAW_PAGE_SIZE, 200, 50);

	EXPECT_EQ(EIO, list_fill(&self->l, FIRST_REF, ALL_REFS));
	EXPECT_EQ(100, self->l.args.frames_done);
	EXPECT_EQ(90, self->l.args.frames_skipped);
	EXPECT_EQ(0, self->l.args.extent_frames);
	EXPECT_NE(0, self->l.args.grant_status);
	EXPECT_TRUE(domain_matches(&self->d));
	EXPECT_TRUE(window_is_clear(&self->d, FIRST_REF, ALL_REFS));
}

TEST_HARNESS_MAIN
