// SPDX-License-Identifier: GPL-2.0
/* The tracepoints fire at the begin, each batch and the end, but not if a fill is refused. */

#include "list.h"
#include "thaw_test.h"

#define TRACING		"/sys/kernel/tracing/"
#define NR		1000U
#define REFS		200

FIXTURE(trace) {
	int dev;
	struct domain d;
	struct image img;
	struct list l;
};

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

FIXTURE_SETUP(trace)
{
	OPEN_THAW(self->dev);
	if (access(TRACING "trace", R_OK))
		SKIP(return, "%s is not mounted", TRACING);
	ASSERT_EQ(0, domain_create(&self->d, DOMAIN_PVH, NR));
	ASSERT_EQ(0, image_create(&self->img, NULL, (NR + 1) * THAW_PAGE_SIZE));
	list_init(&self->l, self->dev, &self->d, &self->img);
	ASSERT_EQ(0, put(TRACING "trace", ""));
	ASSERT_EQ(0, put(TRACING "events/xen_thaw/enable", "1"));
}

FIXTURE_TEARDOWN(trace)
{
	put(TRACING "events/xen_thaw/enable", "0");
	list_free(&self->l);
	image_free(&self->img);
	domain_destroy(&self->d);
	close(self->dev);
}

/**
 * struct events - contents of the trace
 * @begins: number of lines of xen_thaw_begin
 * @batches: number of lines of xen_thaw_batch
 * @ends: number of lines of xen_thaw_end
 * @frames: sum of the frames of all batches
 * @ops: sum of the ops of all batches
 * @last: text of the last event
 */
struct events {
	unsigned int begins;
	unsigned int batches;
	unsigned int ends;
	unsigned int frames;
	unsigned int ops;
	char last[256];
};

static void read_events(struct events *e)
{
	char line[512];
	FILE *f;

	memset(e, 0, sizeof(*e));
	f = fopen(TRACING "trace", "r");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		const char *event = strstr(line, "xen_thaw_");
		unsigned int domid, frames, ops;

		if (line[0] == '#' || !event)
			continue;
		snprintf(e->last, sizeof(e->last), "%s", event);
		e->last[strcspn(e->last, "\n")] = 0;
		e->begins += !strncmp(event, "xen_thaw_begin:", 15);
		e->ends += !strncmp(event, "xen_thaw_end:", 13);
		if (sscanf(event, "xen_thaw_batch: domid=%u frames=%u ops=%u",
			   &domid, &frames, &ops) == 3) {
			e->batches++;
			e->frames += frames;
			e->ops += ops;
		}
	}
	fclose(f);
}

TEST_F(trace, fill)
{
	char want[256];
	struct events e;

	list_add(&self->l, 8, 0, NR);
	ASSERT_EQ(0, list_fill(&self->l, FIRST_REF, REFS));
	read_events(&e);
	EXPECT_EQ(1, e.begins);
	EXPECT_EQ(self->l.args.hypercalls, e.batches);
	EXPECT_EQ(NR, e.frames);
	EXPECT_EQ(self->l.args.copy_ops, e.ops);
	EXPECT_EQ(1, e.ends);
	snprintf(want, sizeof(want),
		 "xen_thaw_end: domid=%u frames=%u hypercalls=%llu ops=%llu err=0",
		 self->d.id, NR, (unsigned long long)self->l.args.hypercalls,
		 (unsigned long long)self->l.args.copy_ops);
	EXPECT_STREQ(want, e.last);
}

TEST_F(trace, fill_stopped)
{
	struct events e;

	list_add(&self->l, 8, 0, NR);
	list_add_raw(&self->l, 8, self->d.frames[NR - 1] + 1, 1);
	ASSERT_EQ(EIO, list_fill(&self->l, FIRST_REF, REFS));
	read_events(&e);
	EXPECT_EQ(1, e.begins);
	EXPECT_EQ(self->l.args.hypercalls, e.batches);
	EXPECT_EQ(NR, e.frames);
	EXPECT_EQ(1, e.ends);
	EXPECT_NE(NULL, strstr(e.last, "err=-5"));
}

TEST_F(trace, fill_refused)
{
	struct events e;

	list_add(&self->l, 0, 0, NR);
	self->l.extents[0].flags = UNKNOWN_FLAG;
	ASSERT_EQ(EINVAL, list_fill(&self->l, FIRST_REF, REFS));
	read_events(&e);
	EXPECT_EQ(0, e.begins + e.batches + e.ends);
}

TEST_HARNESS_MAIN
