// SPDX-License-Identifier: GPL-2.0
/* Several XEN_THAW_FILL run at once, and threads disturb them. */

#include <sys/mman.h>
#include <sys/wait.h>

#include "fill_places.h"
#include "watch.h"

#define THREADS		4
#define PART		(ALL_REFS / THREADS)

/* An event may come too early or too late: try until one hits. */
#define TRIES		50

struct filler {
	pthread_t thread;
	struct list l;
	unsigned int first_ref;
	unsigned int nr_refs;
	unsigned int times;
	int err;
};

static void *filler_thread(void *arg)
{
	struct filler *f = arg;

	while (f->times-- && !f->err)
		f->err = list_fill(&f->l, f->first_ref, f->nr_refs);
	return NULL;
}

/* Each thread fills a quarter of the frames through a quarter of the window. */
TEST_F(fill, disjoint_parts)
{
	struct filler fillers[THREADS] = { 0 };
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		struct filler *f = &fillers[i];

		list_init(&f->l, self->dev, &self->d, &self->img);
		list_add(&f->l, i * (NR / THREADS * THAW_PAGE_SIZE) + 8,
			 i * (NR / THREADS), NR / THREADS);
		f->first_ref = FIRST_REF + i * PART;
		f->nr_refs = PART;
		f->times = 3;
	}
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&fillers[i].thread, NULL, filler_thread, &fillers[i]));
	for (i = 0; i < THREADS; i++) {
		pthread_join(fillers[i].thread, NULL);
		EXPECT_EQ(0, fillers[i].err);
		EXPECT_EQ(NR / THREADS, fillers[i].l.args.frames_done);
		list_free(&fillers[i].l);
	}
	EXPECT_TRUE(window_is_clear(&self->d, FIRST_REF, ALL_REFS));
	EXPECT_TRUE(domain_matches(&self->d));
}

/* Two domains may use the same refs at once. */
TEST_F(fill, two_domains)
{
	struct filler fillers[2] = { 0 };
	struct domain other;
	unsigned int i;
	int err;

	err = domain_create(&other, DOMAIN_PVH, NR);
	if (err)
		domain_destroy(&other);
	ASSERT_EQ(0, err);
	for (i = 0; i < 2; i++) {
		list_init(&fillers[i].l, self->dev, i ? &other : &self->d, &self->img);
		list_add(&fillers[i].l, 8 + i, i, NR - i);
		fillers[i].first_ref = FIRST_REF;
		fillers[i].nr_refs = ALL_REFS;
		fillers[i].times = 3;
		EXPECT_EQ(0, pthread_create(&fillers[i].thread, NULL, filler_thread, &fillers[i]));
	}
	for (i = 0; i < 2; i++) {
		pthread_join(fillers[i].thread, NULL);
		EXPECT_EQ(0, fillers[i].err);
		list_free(&fillers[i].l);
	}
	EXPECT_TRUE(domain_matches(&self->d));
	EXPECT_TRUE(domain_matches(&other));
	domain_destroy(&other);
}

static void act_fill(void *arg)
{
	filler_thread(arg);
}

/* Another fill begins; its part of the window overlaps by one entry or by all. */
TEST_F(fill, overlapping_parts)
{
	static const unsigned int parts[][2] = {
		{ FIRST_REF, ALL_REFS }, { 100, 1 }, { 149, 100 }, { 8, 93 },
	};
	unsigned int i, tries;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		int busy = 0;

		for (tries = 0; tries < TRIES && !busy; tries++) {
			struct filler other = {
				.first_ref = parts[i][0],
				.nr_refs = parts[i][1],
				.times = 1,
			};
			struct watch w;

			domain_reset(&self->d);
			list_add(&self->l, 8, 0, NR);
			list_init(&other.l, self->dev, &self->d, &self->img);
			list_add(&other.l, 8, 0, 1);
			ASSERT_EQ(0, watch_start(&w, &self->d, 10, act_fill, &other));
			EXPECT_TRUE(list_fill_right_by(&self->l, 100, 50));
			watch_end(&w);
			busy = other.err == EBUSY;
			EXPECT_TRUE(busy || !other.err);
			if (busy) {
				EXPECT_EQ(0, other.l.args.frames_done);
				EXPECT_EQ(0, other.l.args.hypercalls);
				EXPECT_EQ(0, other.l.args.extent);
			}
			list_free(&other.l);
		}
		EXPECT_TRUE(busy);
	}
}

static void act_close(void *arg)
{
	close(*(int *)arg);
}

TEST_F(fill, file_closed_amid)
{
	struct watch w;

	list_add(&self->l, 8, 0, NR);
	ASSERT_EQ(0, watch_start(&w, &self->d, 10, act_close, &self->img.fd));
	EXPECT_EQ(0, list_fill(&self->l, FIRST_REF, 50));
	EXPECT_TRUE(watch_end(&w) || self->l.args.frames_done == NR);
	EXPECT_TRUE(domain_matches(&self->d));
	EXPECT_EQ(EBADF, list_fill(&self->l, FIRST_REF, 50));
	self->img.fd = -1;
}

TEST_F(fill, device_closed_amid)
{
	struct watch w;

	list_add(&self->l, 8, 0, NR);
	ASSERT_EQ(0, watch_start(&w, &self->d, 10, act_close, &self->dev));
	EXPECT_EQ(0, list_fill(&self->l, FIRST_REF, 50));
	watch_end(&w);
	EXPECT_TRUE(domain_matches(&self->d));
}

static void act_unmap(void *arg)
{
	munmap(arg, THAW_PAGE_SIZE);
}

/* The window goes away during the fill, which fails, and still reports the place. */
TEST_F(fill, window_gone_amid)
{
	struct watch w;
	int err = 0, i;

	for (i = 0; i < TRIES && !err; i++) {
		domain_reset(&self->d);
		list_clear(&self->l);
		list_add(&self->l, 8, 0, NR);
		ASSERT_EQ(0, watch_start(&w, &self->d, 10, act_unmap, self->d.window));
		err = list_fill(&self->l, FIRST_REF, 50);
		watch_end(&w);
		munmap(self->d.window, THAW_PAGE_SIZE);
		ASSERT_EQ(0, domain_map_window(&self->d));
	}
	ASSERT_EQ(EFAULT, err);
	EXPECT_GT(NR, self->l.args.frames_done);
	EXPECT_TRUE(domain_range_matches(&self->d, 0, self->l.args.frames_done));

	/* Entries that could not be cleared are found in use. */
	memset(self->d.window + FIRST_REF, 0, ALL_REFS * sizeof(*self->d.window));
	EXPECT_TRUE(list_fill_right(&self->l));
}

/* Several processes may each map the window and use a part of it. */
TEST_F(fill, processes)
{
	pid_t pids[2];
	int i, status;

	for (i = 0; i < 2; i++) {
		list_clear(&self->l);
		list_add(&self->l, i * (NR / 2 * THAW_PAGE_SIZE), i * (NR / 2), NR / 2);
		pids[i] = fork();
		ASSERT_GE(pids[i], 0);
		if (pids[i] == 0) {
			if (domain_map_window_again(&self->d))
				_exit(255);
			_exit(list_fill(&self->l, FIRST_REF + i * 200, 200));
		}
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	EXPECT_TRUE(domain_matches(&self->d));
}

TEST_HARNESS_MAIN
