// SPDX-License-Identifier: GPL-2.0
/*
 * XEN_THAW_FILL that is stopped by Xen, by a signal, by a truncated file, or by the
 * end of the domain. The reported place is exact, and the window is zero afterwards.
 */

#include <signal.h>
#include <sys/wait.h>

#include "fill_places.h"
#include "watch.h"

/* An event may come too early or too late to stop a fill: try until one does. */
#define TRIES		50

/* True if the reported place is in the list, and all numbers agree with it. */
static bool place_is_consistent(const struct list *l)
{
	uint64_t frames = l->args.extent_frames;
	unsigned int i;

	for (i = 0; i < l->args.extent && i < l->nr; i++)
		frames += l->extents[i].nr_frames;
	if (frames == l->args.frames_done && l->args.extent < l->nr &&
	    l->args.extent_frames < l->extents[l->args.extent].nr_frames)
		return true;
	printf("# extent %u.%u of %u, %llu frames\n", l->args.extent,
	       l->args.extent_frames, l->nr, (unsigned long long)l->args.frames_done);
	return false;
}

struct unpopulated {
	unsigned int before;	/* frames in the extent before */
	unsigned int good;	/* populated frames in the last extent */
	unsigned int nr_refs;
	uint64_t offset;
};

/* Returns a frame that has no memory. */
static uint64_t frame_after(const struct domain *d)
{
	return d->frames[NR - 1] + 1;
}

/* Extents reach from the last frames of the domain to ten frames after it. */
TEST_F(fill, frame_not_populated)
{
	static const struct unpopulated cases[] = {
		{ 0, 0, ALL_REFS, 0 },
		{ 0, 1, ALL_REFS, 0 },
		{ 100, 50, ALL_REFS, 0 },
		{ 100, 50, ALL_REFS, 8 },
		{ 100, 50, 7, 0 },
		{ 100, 50, 1, 4095 },
		{ ALL_REFS - 1, 1, ALL_REFS, 8 },
		{ ALL_REFS, 0, ALL_REFS, 8 },
		{ ALL_REFS, ALL_REFS, ALL_REFS, 0 },
		{ 1000, 3000, ALL_REFS, 9 },
	};
	const struct unpopulated *c;

	for (c = cases; c < cases + ARRAY_SIZE(cases); c++) {
		struct xen_thaw_extent *last;

		if (c->before)
			list_add(&self->l, c->offset, 0, c->before);
		if (c->good)
			list_add(&self->l, c->offset, NR - c->good, c->good);
		else
			list_add_raw(&self->l, c->offset, frame_after(&self->d), 0);
		last = &self->l.extents[self->l.nr - 1];
		last->nr_frames += 10;

		EXPECT_EQ(EIO, list_fill(&self->l, FIRST_REF, c->nr_refs));
		EXPECT_GT(0, self->l.args.grant_status);
		EXPECT_NE(GNTST_eagain, self->l.args.grant_status);
		EXPECT_EQ(self->l.nr - 1, self->l.args.extent);
		EXPECT_EQ(c->good, self->l.args.extent_frames);
		EXPECT_EQ(c->before + c->good, self->l.args.frames_done) {
			TH_LOG("case %zu", c - cases);
		}
		EXPECT_TRUE(window_is_clear(&self->d, FIRST_REF, ALL_REFS));
		EXPECT_TRUE(domain_matches(&self->d));
		list_clear(&self->l);
		domain_reset(&self->d);
	}
}

TEST_F(fill, zeros_to_frame_not_populated)
{
	list_add_zero(&self->l, 0, 700);
	list_add_zero(&self->l, NR - 20, 20);
	self->l.extents[1].nr_frames++;
	EXPECT_EQ(EIO, list_fill(&self->l, FIRST_REF, ALL_REFS));
	EXPECT_GT(0, self->l.args.grant_status);
	EXPECT_EQ(1, self->l.args.extent);
	EXPECT_EQ(20, self->l.args.extent_frames);
	EXPECT_EQ(720, self->l.args.frames_done);
	EXPECT_TRUE(domain_matches(&self->d));
}

TEST_F(fill, goes_on_after_refused_frame)
{
	list_add(&self->l, 8, 0, 600);
	list_add_raw(&self->l, 0, frame_after(&self->d), 1);
	list_add(&self->l, 16, 600, 600);
	list_add(&self->l, 24, NR - 1, 1);
	ASSERT_EQ(EIO, list_fill(&self->l, FIRST_REF, ALL_REFS));
	ASSERT_EQ(1, self->l.args.extent);
	ASSERT_EQ(600, self->l.args.frames_done);

	/* Skip the hole, like a caller that has found its mistake. */
	self->l.args.extent = 2;
	self->l.args.frames_done = 601;
	list_skip_done(&self->l);
	EXPECT_TRUE(list_fill_right(&self->l));
}

TEST_F(fill, domain_destroyed_before)
{
	list_add(&self->l, 8, 0, NR);
	ASSERT_EQ(0, domain_kill(&self->d));
	EXPECT_EQ(EIO, list_fill(&self->l, FIRST_REF, ALL_REFS));
	EXPECT_GT(0, self->l.args.grant_status);
	EXPECT_EQ(0, self->l.args.frames_done);
}

static void act_kill_domain(void *arg)
{
	domain_kill(arg);
}

TEST_F(fill, domain_destroyed_amid)
{
	struct watch w;
	int err = 0, i;

	for (i = 0; i < TRIES && !err; i++) {
		if (i) {
			domain_destroy(&self->d);
			ASSERT_EQ(0, domain_create(&self->d, DOMAIN_PVH, NR));
		}
		list_clear(&self->l);
		list_add(&self->l, 8, 0, NR);
		ASSERT_EQ(0, watch_start(&w, &self->d, 10, act_kill_domain, &self->d));
		err = list_fill(&self->l, FIRST_REF, ALL_REFS);
		watch_end(&w);
	}
	EXPECT_EQ(EIO, err);
	EXPECT_GT(0, self->l.args.grant_status);
	EXPECT_LT(10, self->l.args.frames_done);
	EXPECT_TRUE(place_is_consistent(&self->l));
}

static void on_signal(int sig)
{
}

static void act_signal(void *arg)
{
	pthread_kill(*(pthread_t *)arg, SIGUSR1);
}

/* Signals with SA_RESTART are tested, too, because a restart would lose the place. */
static void catch_signal(int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };

	sigaction(SIGUSR1, &action, NULL);
}

TEST_F(fill, signal_then_resume)
{
	pthread_t this = pthread_self();
	int err = 0, i, stops = 0;
	struct watch w;

	for (i = 0; i < TRIES && stops < 4; i++) {
		catch_signal(i % 2 ? SA_RESTART : 0);
		domain_reset(&self->d);
		list_clear(&self->l);
		list_add(&self->l, 8, 0, 100);
		list_add_zero(&self->l, 100, 100);
		list_add(&self->l, 200 * THAW_PAGE_SIZE, 200, NR - 200);

		ASSERT_EQ(0, watch_start(&w, &self->d, 10, act_signal, &this));
		err = list_fill(&self->l, FIRST_REF, 50);
		watch_end(&w);
		if (!err)
			continue;
		stops++;
		ASSERT_EQ(EINTR, err);
		EXPECT_EQ(0, self->l.args.grant_status);
		EXPECT_LT(0, self->l.args.frames_done);
		EXPECT_TRUE(place_is_consistent(&self->l));
		EXPECT_TRUE(window_is_clear(&self->d, FIRST_REF, ALL_REFS));
		EXPECT_TRUE(domain_range_matches(&self->d, 0, self->l.args.frames_done));

		list_skip_done(&self->l);
		ASSERT_TRUE(list_fill_right(&self->l));
	}
	EXPECT_LT(0, stops);
}

static void *signal_storm(void *arg)
{
	struct watch *w = arg;

	while (!w->stop) {
		act_signal(w->arg);
		usleep(2000);
	}
	return NULL;
}

/* A fill that signals stop again and again goes on from the same place, and ends. */
TEST_F(fill, signals_without_end)
{
	pthread_t this = pthread_self();
	struct watch storm = { .arg = &this };
	unsigned int calls = 0, stops = 0;
	uint64_t frames = 0;
	int err;

	catch_signal(SA_RESTART);
	list_add(&self->l, 8, 0, NR);
	ASSERT_EQ(0, pthread_create(&storm.thread, NULL, signal_storm, &storm));
	do {
		err = list_fill(&self->l, FIRST_REF, 16);
		frames += self->l.args.frames_done;
		if (err != EINTR || !place_is_consistent(&self->l))
			break;
		stops++;
		list_skip_done(&self->l);
	} while (++calls < 100 * NR);
	storm.stop = true;
	pthread_join(storm.thread, NULL);

	EXPECT_EQ(0, err);
	EXPECT_LT(0, stops);
	EXPECT_EQ(NR, frames);
	EXPECT_TRUE(domain_matches(&self->d));
}

TEST_F(fill, blocked_signal_does_not_stop)
{
	sigset_t set;

	catch_signal(0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	list_add(&self->l, 8, 0, NR);
	EXPECT_TRUE(list_fill_right(&self->l));
}

static void act_sigkill(void *arg)
{
	kill(*(pid_t *)arg, SIGKILL);
}

/* The filler is killed. Another process finds a clear window and fills everything. */
TEST_F(fill, filler_killed)
{
	int status = 0, i, killed = 0;
	struct watch w;
	pid_t pid;

	for (i = 0; i < TRIES && !killed; i++) {
		domain_reset(&self->d);
		list_clear(&self->l);
		list_add(&self->l, 8, 0, NR);
		pid = fork();
		ASSERT_GE(pid, 0);
		if (pid == 0) {
			if (domain_map_window_again(&self->d))
				_exit(255);
			/* Wait until the frame is being watched. */
			raise(SIGSTOP);
			_exit(list_fill(&self->l, FIRST_REF, 50));
		}
		ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
		ASSERT_EQ(0, watch_start(&w, &self->d, 10, act_sigkill, &pid));
		kill(pid, SIGCONT);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		watch_end(&w);
		killed = WIFSIGNALED(status);
		EXPECT_TRUE(window_is_clear(&self->d, FIRST_REF, ALL_REFS));
	}
	EXPECT_TRUE(killed);
	EXPECT_TRUE(list_fill_right(&self->l));
}

struct truncation {
	int fd;
	uint64_t size;
};

static void act_truncate(void *arg)
{
	const struct truncation *t = arg;

	if (ftruncate(t->fd, t->size))
		abort();
}

TEST_F(fill, file_truncated_amid)
{
	const unsigned int half = NR / 2;
	struct truncation t = { .size = half * THAW_PAGE_SIZE };
	struct watch w;
	int err = 0, i;

	for (i = 0; i < TRIES && !err; i++) {
		image_free(&self->img);
		ASSERT_EQ(0, make_image(self, variant));
		t.fd = self->img.fd;
		domain_reset(&self->d);
		list_clear(&self->l);
		list_add(&self->l, 8, 0, 5);
		list_add(&self->l, 5 * THAW_PAGE_SIZE + 8, 5, NR - 5);
		ASSERT_EQ(0, watch_start(&w, &self->d, 10, act_truncate, &t));
		err = list_fill(&self->l, FIRST_REF, 50);
		watch_end(&w);
	}
	ASSERT_EQ(ENODATA, err);
	EXPECT_EQ(0, self->l.args.grant_status);
	EXPECT_TRUE(place_is_consistent(&self->l));
	EXPECT_TRUE(window_is_clear(&self->d, FIRST_REF, ALL_REFS));
	/* All of the rest of the file is done, except a truncated page at its end. */
	EXPECT_LE(half - 1, self->l.args.frames_done);
	EXPECT_TRUE(domain_range_matches(&self->d, 0, self->l.args.frames_done));
}

TEST_HARNESS_MAIN
