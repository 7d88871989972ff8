// SPDX-License-Identifier: GPL-2.0
/* Where the contents of pfns are: compared with a plain array. */
#include <stdlib.h>

#include "kselftest_harness.h"

#include "places.h"
#include "stream.h"

#define PFNS	20000U

FIXTURE(places)
{
	struct places p;
	uint64_t *offset;
	uint64_t next;
};

FIXTURE_SETUP(places)
{
	self->offset = calloc(PFNS, sizeof(*self->offset));
	self->next = XT_PAGE_SIZE;
}

FIXTURE_TEARDOWN(places)
{
	places_free(&self->p);
	free(self->offset);
}

static int add(struct _test_data_places *self, uint64_t base, uint32_t pfn)
{
	self->offset[pfn] = self->next;
	self->next += XT_PAGE_SIZE;
	return places_add(&self->p, base + pfn, self->offset[pfn]);
}

static bool all_found(struct _test_data_places *self, uint64_t base)
{
	uint32_t pfn;

	for (pfn = 0; pfn < PFNS; pfn++)
		if (places_find(&self->p, base + pfn) != self->offset[pfn])
			return false;
	return true;
}

TEST_F(places, none)
{
	EXPECT_EQ(0, places_find(&self->p, 0));
	EXPECT_EQ(0, places_find(&self->p, 1));
}

/* A guest without gaps takes one run for 64 pages. */
TEST_F(places, ascending)
{
	uint32_t pfn;

	for (pfn = 0; pfn < PFNS; pfn++)
		ASSERT_EQ(0, add(self, 1ULL << 51, pfn));
	EXPECT_TRUE(all_found(self, 1ULL << 51));
	EXPECT_EQ(PFNS / 64, self->p.nr);
}

TEST_F(places, descending)
{
	uint32_t pfn;

	for (pfn = PFNS; pfn--;)
		ASSERT_EQ(0, add(self, 0, pfn));
	EXPECT_TRUE(all_found(self, 0));
}

/* Every third, with other data between, then the gaps: several runs in a group of 64. */
TEST_F(places, gaps_filled_later)
{
	uint32_t step, pfn;

	for (step = 0; step < 3; step++) {
		for (pfn = step; pfn < PFNS; pfn += 3) {
			if (pfn % 7 == 0)
				self->next += XT_PAGE_SIZE;
			ASSERT_EQ(0, add(self, 0, pfn));
			/* What was not added yet is not found in its neighbours' run. */
			if (step < 2 && pfn + 1 < PFNS)
				ASSERT_EQ(self->offset[pfn + 1],
					  places_find(&self->p, pfn + 1));
		}
	}
	EXPECT_TRUE(all_found(self, 0));
}

TEST_F(places, random_order)
{
	uint32_t pfn, i;

	srand(1);
	for (i = 0; i < 4 * PFNS; i++) {
		pfn = (uint32_t)rand() % PFNS;
		if (!self->offset[pfn])
			ASSERT_EQ(0, add(self, 77, pfn));
	}
	EXPECT_TRUE(all_found(self, 77));
}

TEST_HARNESS_MAIN
