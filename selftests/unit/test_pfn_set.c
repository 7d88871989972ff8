// SPDX-License-Identifier: GPL-2.0
/* Sets of pfns, compared with an array of flags. */
#include "kselftest_harness.h"

#include "pfn_set.h"

#define NR		100000U
/* The highest pfns that an entry can name. */
#define HIGH		((UINT64_C(1) << 52) - NR)

FIXTURE(pfn_set)
{
	struct pfn_set set;
	bool *flag;
};

FIXTURE_SETUP(pfn_set)
{
	memset(self, 0, sizeof(*self));
	self->flag = calloc(NR, sizeof(*self->flag));
	ASSERT_NE(NULL, self->flag);
}

FIXTURE_TEARDOWN(pfn_set)
{
	free(self->flag);
	pfn_set_free(&self->set);
}

/* Returns the number of pfns for which the two disagree. */
static unsigned int wrong(const struct _test_data_pfn_set *self, uint64_t base)
{
	unsigned int wrong = 0, i, j, n;
	bool in;

	for (i = 0; i < NR; i += n) {
		n = pfn_set_same(&self->set, base + i, NR - i, &in);
		if (!n || n > NR - i)
			return NR;
		for (j = i; j < i + n; j++)
			wrong += self->flag[j] != in;
	}
	return wrong;
}

static int add(struct _test_data_pfn_set *self, uint64_t base, unsigned int i,
	       unsigned int nr)
{
	unsigned int j;

	for (j = i; j < i + nr; j++)
		self->flag[j] = true;
	return pfn_set_add(&self->set, base + i, nr);
}

TEST_F(pfn_set, empty)
{
	EXPECT_EQ(0, wrong(self, 0));
	EXPECT_EQ(0, wrong(self, HIGH));
}

TEST_F(pfn_set, in_order)
{
	unsigned int i;

	for (i = 0; i + 300 < NR; i += 300)
		ASSERT_EQ(0, add(self, 0, i, 300));
	EXPECT_EQ(0, wrong(self, 0));
	EXPECT_EQ(i / PFN_CHUNK + 1, self->set.nr);
}

TEST_F(pfn_set, at_random)
{
	unsigned int i, seed = 1;

	for (i = 0; i < 2000; i++) {
		unsigned int at = (unsigned int)rand_r(&seed) % NR;
		unsigned int nr = (unsigned int)rand_r(&seed) % 40;

		ASSERT_EQ(0, add(self, HIGH, at, at + nr < NR ? nr : NR - at));
		if (i % 500 == 0)
			EXPECT_EQ(0, wrong(self, HIGH));
	}
	EXPECT_EQ(0, wrong(self, HIGH));
}

/* One pfn in each chunk, from a wide range. */
TEST_F(pfn_set, sparse)
{
	unsigned int i, n;
	bool in;

	for (i = 0; i < NR; i++)
		ASSERT_EQ(0, pfn_set_add(&self->set, (uint64_t)i << 36 | i, 1));
	EXPECT_EQ(NR, self->set.nr);
	for (i = 0; i < NR; i++) {
		n = pfn_set_same(&self->set, (uint64_t)i << 36 | i, 1, &in);
		ASSERT_EQ(1, n);
		ASSERT_EQ(true, in);
		pfn_set_same(&self->set, (uint64_t)i << 36 | (i + 1), 1, &in);
		ASSERT_EQ(false, in);
	}
}

TEST_HARNESS_MAIN
