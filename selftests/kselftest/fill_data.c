// SPDX-License-Identifier: GPL-2.0
/*
 * XEN_THAW_FILL: every byte of every frame of the domain is correct afterwards,
 * for extent lists of all shapes.
 */

#include "fill_kinds.h"

#define LAST_REF	(GRANT_ENTRIES - 1)

TEST_F(fill, nothing_filled)
{
	/* This shows that the comparison works: a fresh domain matches, a flipped bit does not. */
	ASSERT_TRUE(domain_matches(&self->d));
	self->d.expect[NR * THAW_PAGE_SIZE - 1] ^= 1;
	printf("# the next line must report a difference:\n");
	EXPECT_FALSE(domain_matches(&self->d));
}

TEST_F(fill, aligned)
{
	list_add(&self->l, 0, 0, NR);
	ASSERT_TRUE(list_fill_right(&self->l));
	EXPECT_EQ(NR, self->l.args.copy_ops);
	EXPECT_EQ((NR + ALL_REFS - 1) / ALL_REFS, self->l.args.hypercalls);
}

TEST_F(fill, unaligned)
{
	static const unsigned int offsets[] = {
		1, 7, 8, 511, 512, 2047, 2048, 4088, 4095,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		list_add(&self->l, offsets[i], 0, 600);
		ASSERT_TRUE(list_fill_right(&self->l));
	}
	list_add(&self->l, 8, 0, NR);
	EXPECT_TRUE(list_fill_right(&self->l));
}

/* Frame n is filled from byte n of page n: every offset in a page works. */
TEST_F(fill, each_offset)
{
	unsigned int i;

	for (i = 0; i < NR; i++)
		list_add(&self->l, i * THAW_PAGE_SIZE + i, i, 1);
	EXPECT_TRUE(list_fill_right(&self->l));
}

TEST_F(fill, single_frames)
{
	static const unsigned int indexes[] = { 0, 1, 511, 512, 513, NR - 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(indexes); i++) {
		list_add(&self->l, indexes[i] * 3, indexes[i], 1);
		ASSERT_TRUE(list_fill_right(&self->l));
		EXPECT_EQ(1, self->l.args.hypercalls);
	}
}

/* One run of the file goes to frames all over the domain. */
TEST_F(fill, scattered_frames)
{
	unsigned int i;

	for (i = 0; i < NR; i++)
		list_add(&self->l, i * THAW_PAGE_SIZE, i * 1237 % NR, 1);
	ASSERT_TRUE(list_fill_right(&self->l));
	EXPECT_EQ(NR, self->l.args.copy_ops);

	for (i = 0; i < NR; i++)
		list_add(&self->l, i * THAW_PAGE_SIZE + 8, i * 2741 % NR, 1);
	EXPECT_TRUE(list_fill_right(&self->l));
}

/* Runs of all lengths; some frames between them are left alone. */
TEST_F(fill, runs_with_gaps)
{
	unsigned int i, nr;

	for (i = 3, nr = 1; i + nr < NR; i += nr + 2, nr++)
		list_add(&self->l, i * 4001, i, nr);
	EXPECT_TRUE(list_fill_right(&self->l));
}

TEST_F(fill, file_backwards)
{
	unsigned int i;

	for (i = 0; i < 1024; i++)
		list_add(&self->l, (1023 - i) * THAW_PAGE_SIZE + 8, i, 1);
	EXPECT_TRUE(list_fill_right(&self->l));
}

TEST_F(fill, same_bytes_to_many_frames)
{
	unsigned int i;

	for (i = 0; i < 1024; i++)
		list_add(&self->l, 1234, i, 1);
	EXPECT_TRUE(list_fill_right(&self->l));
}

TEST_F(fill, window_of_one_entry)
{
	list_add(&self->l, 0, 0, 64);
	ASSERT_TRUE(list_fill_right_by(&self->l, LAST_REF, 1));
	EXPECT_EQ(64, self->l.args.hypercalls);
	list_add(&self->l, 2049, 32, 64);
	EXPECT_TRUE(list_fill_right_by(&self->l, FIRST_REF, 1));
}

TEST_F(fill, windows_of_any_size)
{
	unsigned int nr_refs;

	for (nr_refs = 2; nr_refs < ALL_REFS; nr_refs += nr_refs / 2) {
		list_add(&self->l, nr_refs, nr_refs, 700);
		EXPECT_TRUE(list_fill_right_by(&self->l, GRANT_ENTRIES - nr_refs, nr_refs));
	}
}

/* Batches that are exactly full, or one frame above or below that. */
TEST_F(fill, frames_around_window_size)
{
	unsigned int nr;

	for (nr = ALL_REFS - 1; nr <= ALL_REFS + 1; nr++) {
		list_add(&self->l, 0, 5, nr);
		EXPECT_TRUE(list_fill_right(&self->l));
		list_add(&self->l, 9, 7, 2 * nr);
		EXPECT_TRUE(list_fill_right(&self->l));
	}
}

TEST_F(fill, neighbours_in_window_stay)
{
	grant_entry_v1_t before[GRANT_ENTRIES];
	unsigned int ref;

	/* An entry of type 0 grants nothing. */
	for (ref = 0; ref < GRANT_ENTRIES; ref++)
		if (ref < 100 || ref >= 120)
			self->d.window[ref].frame = 0x5a5a0000 + ref;
	memcpy(before, self->d.window, sizeof(before));

	list_add(&self->l, 77, 0, 100);
	EXPECT_TRUE(list_fill_right_by(&self->l, 100, 20));
	EXPECT_EQ(0, memcmp(before, self->d.window, sizeof(before)));

	/* A window entry in use is refused before anything is written. */
	list_add(&self->l, 77, 0, 100);
	EXPECT_EQ(EBUSY, list_fill(&self->l, 100, 21));
	EXPECT_EQ(EBUSY, list_fill(&self->l, 99, 20));
	EXPECT_EQ(0, memcmp(before, self->d.window, sizeof(before)));
}

TEST_F(fill, zeros)
{
	list_add_zero(&self->l, 1, 1);
	ASSERT_TRUE(list_fill_right(&self->l));
	list_add_zero(&self->l, 10, 1500);
	EXPECT_TRUE(list_fill_right(&self->l));
}

TEST_F(fill, zeros_among_data)
{
	unsigned int i;

	for (i = 0; i < 1500; i += 3) {
		list_add(&self->l, i * THAW_PAGE_SIZE + 8, i, 1);
		list_add_zero(&self->l, i + 1, 1);
	}
	EXPECT_TRUE(list_fill_right(&self->l));

	/* In the file, the data on both sides is contiguous. */
	list_add(&self->l, 8, 2000, 600);
	list_add_zero(&self->l, 2600, 300);
	list_add(&self->l, 600 * THAW_PAGE_SIZE + 8, 2900, 600);
	EXPECT_TRUE(list_fill_right(&self->l));
}

/* If two extents name one frame, the later wins: in one batch, and in two. */
TEST_F(fill, later_extent_wins)
{
	list_add(&self->l, 0, 0, 10);
	list_add(&self->l, 50 * THAW_PAGE_SIZE + 1, 5, 10);
	list_add_zero(&self->l, 8, 2);
	list_add(&self->l, 3, 9, 1);
	ASSERT_TRUE(list_fill_right(&self->l));

	list_add(&self->l, 0, 0, 1000);
	list_add_zero(&self->l, 0, 700);
	list_add(&self->l, 2000 * THAW_PAGE_SIZE + 9, 0, 600);
	ASSERT_TRUE(list_fill_right(&self->l));

	list_add(&self->l, 8, 20, 1);
	list_add(&self->l, 88, 20, 1);
	list_add(&self->l, 888, 20, 1);
	EXPECT_TRUE(list_fill_right_by(&self->l, FIRST_REF, 2));
}

TEST_F(fill, up_to_end_of_file)
{
	const unsigned int last = IMAGE_SIZE - THAW_PAGE_SIZE;

	list_add(&self->l, last, 0, 1);
	ASSERT_TRUE(list_fill_right(&self->l));

	/* The last byte of the file is in the middle of a page. */
	ASSERT_EQ(0, ftruncate(self->img.fd, IMAGE_SIZE - 1000));
	list_add(&self->l, last - 1000, 1, 1);
	ASSERT_TRUE(list_fill_right(&self->l));
	list_add(&self->l, last - 1000 - 600 * THAW_PAGE_SIZE, 2, 601);
	ASSERT_TRUE(list_fill_right(&self->l));

	list_add(&self->l, last - 999, 700, 1);
	EXPECT_EQ(ENODATA, list_fill(&self->l, FIRST_REF, ALL_REFS));
	EXPECT_EQ(0, self->l.args.hypercalls);
}

TEST_F(fill, most_extents)
{
	struct xen_thaw_query query = { .size = sizeof(query) };
	unsigned int i;

	ASSERT_EQ(0, thaw_ioctl(self->dev, XEN_THAW_QUERY, &query));
	for (i = 0; i < query.max_extents; i++)
		list_add(&self->l, (i * 4099) % (IMAGE_SIZE - THAW_PAGE_SIZE), i % NR, 1);
	EXPECT_TRUE(list_fill_right(&self->l));
}

TEST_F(fill, file_above_4_gib)
{
	const uint64_t hole = 5ULL << 30;

	image_free(&self->img);
	ASSERT_EQ(0, image_create_sparse(&self->img, NULL, hole, 100 * THAW_PAGE_SIZE));
	list_add(&self->l, hole + 5, 0, 99);
	list_add(&self->l, hole - 5, 99, 1);
	list_add(&self->l, 2 * hole + 99 * THAW_PAGE_SIZE, 100, 1);
	EXPECT_TRUE(list_fill_right(&self->l));
}

TEST_HARNESS_MAIN
