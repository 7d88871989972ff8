// SPDX-License-Identifier: GPL-2.0
/* Records of clones: they survive their job, and say so. */
#include "kselftest_harness.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clone_state.h"

FIXTURE(state)
{
	char dir[32];
	struct clone_record r;
	struct clone_job_dir job;
	int lock;
};

FIXTURE_SETUP(state)
{
	memset(self, 0, sizeof(*self));
	strcpy(self->dir, "/tmp/clone_state.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	ASSERT_EQ(0, chdir(self->dir));
	strcpy(self->r.name, "disp-1");
	strcpy(self->r.uuid, "11111111-2222-4333-8444-555555555555");
	memcpy(self->r.macs[0], "\x00\x16\x3e\x10\x20\x30", 6);
	self->r.nr_macs = 1;
	self->r.overlays[0] = strdup("name:/a b");
	self->r.nr_overlays = 1;
	self->lock = clone_state_lock();
	ASSERT_LE(0, self->lock);
}

FIXTURE_TEARDOWN(state)
{
	char command[64];

	close(self->lock);
	clone_record_free(&self->r);
	ASSERT_EQ(0, chdir("/"));
	snprintf(command, sizeof(command), "rm -rf %s", self->dir);
	EXPECT_EQ(0, system(command));
}

/* What a walk found last, and how many. */
struct found {
	struct clone_record r;
	char overlay[64];
	bool alive;
	pid_t pid;
	int nr;
};

static void find(void *arg, struct clone_entry *e)
{
	struct found *f = arg;

	f->r = e->record;
	f->r.nr_overlays = 0;
	if (e->record.nr_overlays)
		snprintf(f->overlay, sizeof(f->overlay), "%s", e->record.overlays[0]);
	f->alive = e->alive;
	f->pid = e->pid;
	f->nr++;
}

TEST_F(state, record)
{
	struct found f = { 0 };

	ASSERT_EQ(0, clone_job_create(&self->job));
	ASSERT_EQ(0, clone_record_write(self->job.path, &self->r));
	ASSERT_EQ(0, clone_state_walk(find, &f));
	EXPECT_EQ(1, f.nr);
	EXPECT_STREQ("disp-1", f.r.name);
	EXPECT_STREQ(self->r.uuid, f.r.uuid);
	EXPECT_EQ(1, f.r.nr_macs);
	EXPECT_EQ(0, memcmp(f.r.macs[0], self->r.macs[0], 6));
	EXPECT_STREQ("name:/a b", f.overlay);
	EXPECT_FALSE(f.r.whole);
	EXPECT_TRUE(f.alive);
	EXPECT_EQ(getpid(), f.pid);

	self->r.whole = true;
	ASSERT_EQ(0, clone_record_write(self->job.path, &self->r));
	ASSERT_EQ(0, clone_state_walk(find, &f));
	EXPECT_EQ(2, f.nr);
	EXPECT_TRUE(f.r.whole);

	clone_record_remove(self->job.path, self->r.uuid);
	clone_job_remove(&self->job);
	EXPECT_NE(0, access(self->job.path, F_OK));
}

/* Of another process, which is killed. */
TEST_F(state, killed_job)
{
	struct found f = { 0 };
	int ready[2], status;
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid) {
		if (clone_job_create(&self->job) ||
		    clone_record_write(self->job.path, &self->r))
			_exit(1);
		status = (int)write(ready[1], "", 1);
		pause();
		_exit(status);
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	ASSERT_EQ(0, clone_state_walk(find, &f));
	EXPECT_EQ(1, f.nr);
	EXPECT_TRUE(f.alive);
	EXPECT_EQ(pid, f.pid);
	clone_state_sweep();

	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, clone_state_walk(find, &f));
	EXPECT_EQ(2, f.nr);
	EXPECT_FALSE(f.alive);

	/* The record is worth more than order. */
	clone_state_sweep();
	ASSERT_EQ(0, clone_state_walk(find, &f));
	EXPECT_EQ(3, f.nr);
}

TEST_F(state, sweep)
{
	struct found f = { 0 };
	char stats[PATH_MAX + 16];
	FILE *file;

	ASSERT_EQ(0, clone_job_create(&self->job));
	ASSERT_EQ(0, clone_record_write(self->job.path, &self->r));
	snprintf(stats, sizeof(stats), "%s/" CLONE_JOB_STATS, self->job.path);
	file = fopen(stats, "w");
	ASSERT_NE(NULL, file);
	fclose(file);
	close(self->job.lock);
	clone_state_sweep();
	EXPECT_EQ(0, access(self->job.path, F_OK));
	clone_record_remove(self->job.path, self->r.uuid);
	clone_state_sweep();
	EXPECT_NE(0, access(self->job.path, F_OK));
	ASSERT_EQ(0, clone_state_walk(find, &f));
	EXPECT_EQ(0, f.nr);
}

TEST_F(state, damaged)
{
	static const char * const texts[] = { "", "{", "[]", "{\"name\":\"a\"}",
		"{\"name\":\"a\",\"uuid\":\"b\"}" };
	struct found f = { 0 };
	char path[PATH_MAX + 16];
	size_t i;

	ASSERT_EQ(0, clone_job_create(&self->job));
	snprintf(path, sizeof(path), "%s/x.json", self->job.path);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		FILE *file = fopen(path, "w");

		ASSERT_NE(NULL, file);
		fputs(texts[i], file);
		fclose(file);
		EXPECT_EQ(0, clone_state_walk(find, &f));
		EXPECT_EQ(0, f.nr);
	}
}

TEST_HARNESS_MAIN
