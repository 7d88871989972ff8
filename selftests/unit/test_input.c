// SPDX-License-Identifier: GPL-2.0
/* Streams from pipes: the reader says the same as of a file, and takes no byte too many. */
#include "kselftest_harness.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include "bad.h"
#include "image.h"
#include "input.h"
#include "walk.h"

#define MAX_STEPS	4096

FIXTURE(piped)
{
	struct image img;
	struct input in;
	struct stream s;
	pid_t writer;
	int fds[2];
};

FIXTURE_SETUP(piped)
{
	memset(self, 0, sizeof(*self));
	ASSERT_EQ(0, pipe(self->fds));
	input_init(&self->in, self->fds[0]);
}

FIXTURE_TEARDOWN(piped)
{
	if (self->writer) {
		kill(self->writer, SIGKILL);
		waitpid(self->writer, NULL, 0);
	}
	close(self->fds[0]);
	input_free(&self->in);
	image_free(&self->img);
}

/* Has a child write the image, @step bytes at a time. */
static void write_image(struct _test_data_piped *self, size_t step)
{
	size_t done, n;

	self->writer = fork();
	if (self->writer) {
		close(self->fds[1]);
		return;
	}
	close(self->fds[0]);
	for (done = 0; done < self->img.len; done += n) {
		n = self->img.len - done < step ? self->img.len - done : step;
		if (write(self->fds[1], self->img.buf + done, n) != (ssize_t)n)
			_exit(1);
	}
	_exit(0);
}

/* What a walk saw of a stream. */
struct seen {
	struct stream *s;
	const struct stream_record *rec;
	unsigned int nr;
	uint64_t step[MAX_STEPS];
};

static void see(struct seen *seen, uint64_t what)
{
	if (seen->nr < MAX_STEPS)
		seen->step[seen->nr++] = what;
}

static int see_run(void *arg, const struct page_run *run)
{
	struct seen *seen = arg;
	uint64_t first;

	see(seen, run->pfn);
	see(seen, run->nr);
	see(seen, run->type);
	if (!run->has_data)
		return 0;
	/* The rest is skipped. */
	if (stream_read(seen->s, run->offset, &first, sizeof(first), "page"))
		return -1;
	see(seen, first);
	return 0;
}

static int see_record(void *arg, const struct stream_record *rec)
{
	struct seen *seen = arg;

	see(seen, rec->type);
	see(seen, rec->length);
	return rec->type == REC_PAGE_DATA ?
		stream_page_runs(seen->s, rec, see_run, seen) : 0;
}

static int walk(struct seen *seen, struct stream *s)
{
	struct walk w;

	seen->s = s;
	seen->nr = 0;
	return walk_records(s, &w, see_record, seen);
}

static void make_image(struct image *img)
{
	static const uint64_t entries[] = {
		ENTRY(PFN_NOTAB, 7), ENTRY(PFN_XALLOC, 8), ENTRY(PFN_XTAB, 9),
		ENTRY(PFN_NOTAB, 12), ENTRY(PFN_NOTAB, 13),
	};

	image_hvm_head(img);
	image_page_range(img, PFN_NOTAB, 0x1000, 3);
	image_record(img, REC_OPTIONAL | 5, NULL, 12345);
	image_pages(img, entries, 5);
	image_page_range(img, PFN_XTAB, 0, 3000);
	image_hvm_tail(img);
}

TEST_F(piped, as_a_file)
{
	static const size_t steps[] = { 1 << 20, 4096, 7 };
	static struct seen file, pipe_;
	static struct stream s;
	int fd;

	make_image(&self->img);
	fd = image_file(&self->img, false);
	ASSERT_EQ(0, stream_open(&s, fd, "file", 0));
	ASSERT_EQ(0, walk(&file, &s));
	close(fd);

	for (size_t i = 0; i < 3; i++) {
		if (i) {
			ASSERT_EQ(0, pipe(self->fds));
			input_free(&self->in);
			input_init(&self->in, self->fds[0]);
		}
		write_image(self, steps[i]);
		ASSERT_EQ(0, input_open(&self->s, &self->in, "pipe"));
		EXPECT_EQ(3, self->s.version);
		EXPECT_EQ(STREAM_GUEST_HVM, self->s.guest_type);
		ASSERT_EQ(0, walk(&pipe_, &self->s));
		EXPECT_EQ(file.nr, pipe_.nr);
		EXPECT_EQ(0, memcmp(file.step, pipe_.step, sizeof(file.step)));
		EXPECT_EQ(self->img.len, self->in.pos);
		waitpid(self->writer, NULL, 0);
		self->writer = 0;
		if (i < 2)
			close(self->fds[0]);
	}
}

/* libxl reads what follows END. */
TEST_F(piped, leaves_the_rest)
{
	static struct seen seen;
	char rest[16];

	make_image(&self->img);
	image_add(&self->img, "rest of it", 10);
	write_image(self, 1 << 20);
	ASSERT_EQ(0, input_open(&self->s, &self->in, "pipe"));
	ASSERT_EQ(0, walk(&seen, &self->s));
	EXPECT_EQ(10, read(self->fds[0], rest, sizeof(rest)));
	EXPECT_EQ(0, memcmp(rest, "rest of it", 10));
}

/* All cuts of a small image. */
TEST_F(piped, cut)
{
	static struct seen seen;
	struct image whole = { 0 };
	size_t len;
	int ret;

	image_hvm_head(&whole);
	image_page_range(&whole, PFN_XALLOC, 5, 2);
	image_hvm_tail(&whole);
	for (len = 0; len < whole.len; len++) {
		int fds[2];

		ASSERT_EQ(0, pipe(fds));
		ASSERT_EQ((ssize_t)len, write(fds[1], whole.buf, len));
		close(fds[1]);
		input_free(&self->in);
		input_init(&self->in, fds[0]);
		ret = input_open(&self->s, &self->in, "pipe") ||
		      walk(&seen, &self->s);
		EXPECT_EQ(1, ret);
		EXPECT_NE(NULL, strstr(self->s.error, "the stream ends here"));
		EXPECT_EQ(len, self->s.error_offset);
		close(fds[0]);
	}
	image_free(&whole);
}

/* What is wrong with a file is wrong with a stream, at the same place. */
TEST_F(piped, bad)
{
	static struct seen seen;
	const struct bad *bad;
	struct stream s;
	int fd, ret, again;

	for (bad = bad_images; bad->name; bad++) {
		if (bad->where == BAD_FILE || bad->from == TRUNCATED)
			continue;
		bad_image(&self->img, bad);
		fd = image_file(&self->img, false);
		ret = stream_open(&s, fd, "file", self->img.libxc);
		if (!ret)
			ret = walk(&seen, &s);

		lseek(fd, (off_t)self->img.libxc, SEEK_SET);
		input_free(&self->in);
		input_init(&self->in, fd);
		again = input_open(&self->s, &self->in, "pipe");
		if (!again)
			again = walk(&seen, &self->s);
		EXPECT_EQ(ret, again) {
			TH_LOG("%s: %s", bad->name, self->s.error);
		}
		/* A length beyond the end of the file shows later in a stream. */
		if (ret && !strstr(s.error, "the file ends"))
			EXPECT_EQ(s.error_offset,
				  self->s.error_offset + self->img.libxc) {
				TH_LOG("%s: %s; %s", bad->name, s.error,
				       self->s.error);
			}
		close(fd);
		image_free(&self->img);
	}
}

TEST_F(piped, hold)
{
	char bytes[4];

	image_hvm_head(&self->img);
	image_record(&self->img, REC_OPTIONAL, "abcdefghijklmnop", 16);
	write_image(self, 1 << 20);
	ASSERT_EQ(0, input_open(&self->s, &self->in, "pipe"));
	ASSERT_EQ(0, input_hold(&self->s, 40 + 8 + 8 + 4, "body"));
	/* Held bytes can be read as often as one likes; then come the next ones. */
	ASSERT_EQ(0, input_read(&self->s, 56, bytes, 4, "body"));
	EXPECT_EQ(0, memcmp(bytes, "abcd", 4));
	ASSERT_EQ(0, input_read(&self->s, 58, bytes, 4, "body"));
	EXPECT_EQ(0, memcmp(bytes, "cdef", 4));
	ASSERT_EQ(0, input_read(&self->s, 64, bytes, 4, "body"));
	EXPECT_EQ(0, memcmp(bytes, "ijkl", 4));
	EXPECT_EQ(-1, input_read(&self->s, 60, bytes, 4, "body"));
	EXPECT_NE(NULL, strstr(self->s.error, "read twice"));
}

/* A stream that does not come is not waited for if nobody wants it any more. */
TEST_F(piped, stop)
{
	self->in.stop[1] = eventfd(1, 0);
	EXPECT_EQ(-1, input_open(&self->s, &self->in, "pipe"));
	EXPECT_NE(NULL, strstr(self->s.error, "stopped"));
	EXPECT_EQ(2, self->in.stopped);
	close(self->in.stop[1]);
	close(self->fds[1]);
}

TEST_HARNESS_MAIN
