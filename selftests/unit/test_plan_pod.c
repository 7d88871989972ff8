// SPDX-License-Identifier: GPL-2.0
/*
 * Compares plan_choose_pod() with a model that knows single pages only: random guests of
 * some 2 MiB ranges, with holes, marked zero pages, zero pages in the file, and data.
 */
#include "kselftest_harness.h"

#include <sys/mman.h>
#include <unistd.h>

#include "plan.h"

#define RANGES	8U
#define GFNS	(RANGES * SUPERPAGE_FRAMES)

#define LEAST	256U
/* Of pages in the file, one of 1024 is looked at, then one of 128. */
#define FIRST	1024U
#define STEP	128U

enum page { NONE, ZERO, DATA, ZERO_DATA };

/* What the plan says of a gfn. */
struct found {
	unsigned int populate;
	unsigned int pod;
	unsigned int bare;
	unsigned int zero;
	unsigned int pod_zero;
	unsigned int data;
	uint64_t offset;
	bool skip;
};

FIXTURE(pod)
{
	enum page page[GFNS];
	uint64_t offset[GFNS];
	struct found found[GFNS];
	struct plan p;
	uint64_t seed;
	int fd;
};

FIXTURE_SETUP(pod)
{
	memset(self, 0, sizeof(*self));
	self->seed = 1;
	self->fd = memfd_create("pod", MFD_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(pod)
{
	plan_free(&self->p);
	close(self->fd);
}

static uint32_t rnd(struct _test_data_pod *self, uint32_t below)
{
	self->seed ^= self->seed << 13;
	self->seed ^= self->seed >> 7;
	self->seed ^= self->seed << 17;
	return (uint32_t)(self->seed >> 32) % below;
}

/* Makes pages in runs, of kinds that are likely in their 2 MiB range. */
static void make_pages(struct _test_data_pod *self)
{
	unsigned int i, k;

	for (i = 0; i < GFNS; i += SUPERPAGE_FRAMES) {
		const uint32_t holes = rnd(self, 3) ? 0 : 2;
		const uint32_t zeros = rnd(self, 5) * 25;
		const uint32_t kind = rnd(self, 3);

		for (k = 0; k < SUPERPAGE_FRAMES;) {
			uint32_t nr = 1 + rnd(self, kind == 2 ? 4 : 200);
			enum page page = DATA;

			if (rnd(self, 100) < zeros)
				page = kind ? ZERO : ZERO_DATA;
			if (rnd(self, 100) < holes)
				page = NONE;
			for (; nr && k < SUPERPAGE_FRAMES; nr--, k++)
				self->page[i + k] = page;
		}
	}
}

static bool has_data(enum page page)
{
	return page == DATA || page == ZERO_DATA;
}

static void add_gfn(struct _test_data_pod *self, struct ranges *populate,
		    struct fills *zero, struct fills *data, unsigned int gfn)
{
	const enum page page = self->page[gfn];
	const struct plan_fill fill = {
		.gfn = gfn,
		.offset = has_data(page) ? self->offset[gfn] : 0,
		.nr = 1,
		.zero = page == ZERO,
	};

	if (page == NONE)
		return;
	ranges_add(populate, gfn, 1);
	fills_add(page == ZERO ? zero : data, &fill);
}

/* Writes the file, 8 bytes off the page, and the plan that plan_build() would make. */
static void make_plan(struct _test_data_pod *self, bool backwards)
{
	struct ranges populate = { 0 };
	struct fills zero = { 0 }, data = { 0 };
	uint64_t offset = 8;
	unsigned int i;

	for (i = 0; i < GFNS; i++) {
		const unsigned int gfn = backwards ? GFNS - 1 - i : i;

		if (!has_data(self->page[gfn]))
			continue;
		self->offset[gfn] = offset;
		if (self->page[gfn] == DATA)
			pwrite(self->fd, "x", 1, offset + rnd(self, XT_PAGE_SIZE));
		offset += XT_PAGE_SIZE;
	}
	ftruncate(self->fd, offset);
	for (i = 0; i < GFNS; i++)
		add_gfn(self, &populate, &zero, &data, i);
	if (backwards)
		fills_sort_by_offset(&data);
	self->p = (struct plan){
		.populate = populate.v,
		.nr_populate = populate.nr,
		.zero = zero.v,
		.nr_zero = zero.nr,
		.data = data.v,
		.nr_data = data.nr,
	};
}

static void look_at_ranges(struct _test_data_pod *self)
{
	const struct plan *p = &self->p;
	uint64_t gfn;
	size_t i;

	for (i = 0; i < p->nr_populate; i++)
		for (gfn = 0; gfn < p->populate[i].nr; gfn++)
			self->found[p->populate[i].gfn + gfn].populate++;
	for (i = 0; i < p->pod.ranges.nr; i++)
		for (gfn = 0; gfn < p->pod.ranges.v[i].nr; gfn++)
			self->found[p->pod.ranges.v[i].gfn + gfn].pod++;
	for (i = 0; i < p->pod.bare.nr; i++)
		for (gfn = 0; gfn < p->pod.bare.v[i].nr; gfn++)
			self->found[p->pod.bare.v[i].gfn + gfn].bare++;
}

static void look_at_fills(struct _test_data_pod *self)
{
	const struct plan *p = &self->p;
	uint64_t k;
	size_t i;

	for (i = 0; i < p->nr_zero; i++)
		for (k = 0; k < p->zero[i].nr; k++)
			self->found[p->zero[i].gfn + k].zero++;
	for (i = 0; i < p->pod.zero.nr; i++)
		for (k = 0; k < p->pod.zero.v[i].nr; k++)
			self->found[p->pod.zero.v[i].gfn + k].pod_zero++;
	for (i = 0; i < p->nr_data; i++) {
		for (k = 0; k < p->data[i].nr; k++) {
			struct found *f = &self->found[p->data[i].gfn + k];

			f->data++;
			f->offset = p->data[i].offset + k * XT_PAGE_SIZE;
			f->skip = p->data[i].skip_zero;
		}
	}
}

/* Whether the first look at the file finds a zero page. */
static bool has_zero_data(const struct _test_data_pod *self)
{
	unsigned int i;

	for (i = 0; i < GFNS; i += FIRST)
		if (self->page[i] == ZERO_DATA)
			return true;
	return false;
}

/* Whether the range is to be chosen. */
static bool is_chosen(const struct _test_data_pod *self, unsigned int first)
{
	const bool found = has_zero_data(self);
	unsigned int i, zeros = 0;

	for (i = first; i < first + SUPERPAGE_FRAMES; i++) {
		if (self->page[i] == NONE)
			return false;
		zeros += self->page[i] == ZERO;
		if (found && self->page[i] == ZERO_DATA && i % STEP == 0)
			zeros += STEP;
	}
	return zeros >= LEAST;
}

static bool gfn_is_right(const struct _test_data_pod *self, unsigned int gfn,
			 bool chosen)
{
	const struct found *f = &self->found[gfn];
	const enum page page = self->page[gfn];

	return f->populate == (page != NONE && !chosen) && f->pod == chosen &&
	       f->zero == (page == ZERO && !chosen) &&
	       f->pod_zero == (page == ZERO && chosen) &&
	       f->data == has_data(page) &&
	       (!f->data || f->offset == self->offset[gfn]) &&
	       (!f->skip || chosen) && f->bare <= chosen;
}

/* Something touches each chosen range: data that is written in any case, or it is bare. */
static bool range_is_right(const struct _test_data_pod *self, unsigned int first)
{
	const bool chosen = is_chosen(self, first);
	unsigned int i, bare = 0, data = 0, written = 0;

	for (i = first; i < first + SUPERPAGE_FRAMES; i++) {
		if (!gfn_is_right(self, i, chosen))
			return false;
		bare += self->found[i].bare;
		data += self->found[i].data;
		written += self->found[i].data && !self->found[i].skip;
	}
	if (!chosen)
		return true;
	return data ? written && !bare : bare == SUPERPAGE_FRAMES;
}

static bool is_right(struct _test_data_pod *self)
{
	uint64_t pages = 0, zero = 0;
	unsigned int i;

	memset(self->found, 0, sizeof(self->found));
	look_at_ranges(self);
	look_at_fills(self);
	for (i = 0; i < GFNS; i += SUPERPAGE_FRAMES)
		if (!range_is_right(self, i))
			return false;
	for (i = 0; i < GFNS; i++) {
		pages += self->found[i].pod;
		zero += self->found[i].pod_zero;
	}
	return pages == self->p.pod.pages && zero == self->p.pod.zero_pages;
}

TEST_F(pod, random_guests)
{
	unsigned int i, chosen = 0, skipping = 0;

	for (i = 1; i <= 300; i++) {
		self->seed = i * 0x9e3779b97f4a7c15;
		ASSERT_EQ(0, ftruncate(self->fd, 0));
		make_pages(self);
		make_plan(self, i % 2);
		ASSERT_EQ(0, plan_choose_pod(&self->p, LEAST, self->fd));
		ASSERT_TRUE(is_right(self)) {
			TH_LOG("seed %u", i);
		}
		chosen += self->p.pod.pages / SUPERPAGE_FRAMES;
		skipping += self->p.nr_data && self->p.data[self->p.nr_data - 1].skip_zero;
		plan_free(&self->p);
	}
	/* Not all ranges were alike. */
	EXPECT_LT(300, chosen);
	EXPECT_GT(300 * RANGES - 300, chosen);
	EXPECT_LT(5, skipping);
}

TEST_F(pod, no_zeros)
{
	unsigned int i;

	for (i = 0; i < GFNS; i++)
		self->page[i] = DATA;
	make_plan(self, false);
	ASSERT_EQ(0, plan_choose_pod(&self->p, LEAST, self->fd));
	EXPECT_EQ(0, self->p.pod.ranges.nr);
	EXPECT_EQ(1, self->p.nr_data);
}

TEST_F(pod, nothing_but_zeros)
{
	unsigned int i;

	for (i = 0; i < GFNS; i++)
		self->page[i] = ZERO;
	make_plan(self, false);
	ASSERT_EQ(0, plan_choose_pod(&self->p, LEAST, self->fd));
	EXPECT_EQ(1, self->p.pod.bare.nr);
	EXPECT_EQ(0, self->p.nr_populate);
	EXPECT_TRUE(is_right(self));
}

TEST_F(pod, nothing_but_zeros_in_the_file)
{
	unsigned int i;

	for (i = 0; i < GFNS; i++)
		self->page[i] = ZERO_DATA;
	make_plan(self, false);
	ASSERT_EQ(0, plan_choose_pod(&self->p, LEAST, self->fd));
	EXPECT_EQ(GFNS, self->p.pod.pages);
	EXPECT_EQ(0, self->p.pod.bare.nr);
	EXPECT_TRUE(is_right(self));
}

/* A huge range of zero pages costs no memory: it is one run. */
TEST_F(pod, huge)
{
	struct ranges populate = { 0 };
	struct fills zero = { 0 };
	const struct plan_fill fill = { .gfn = 5, .nr = UINT32_MAX, .zero = true };

	ASSERT_EQ(0, ranges_add(&populate, 5, UINT32_MAX));
	ASSERT_EQ(0, fills_add(&zero, &fill));
	self->p = (struct plan){ .populate = populate.v, .nr_populate = 1,
				 .zero = zero.v, .nr_zero = 1 };
	ASSERT_EQ(0, plan_choose_pod(&self->p, LEAST, self->fd));
	EXPECT_EQ(1, self->p.pod.ranges.nr);
	EXPECT_EQ(SUPERPAGE_FRAMES, self->p.pod.ranges.v[0].gfn);
	EXPECT_EQ(2, self->p.nr_populate);
	EXPECT_EQ(2, self->p.nr_zero);
}

TEST_HARNESS_MAIN
