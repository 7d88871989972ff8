// SPDX-License-Identifier: GPL-2.0
/*
 * save_*.c: the file written from a pipe restores to the same guest as the file
 * that stock would have written. A stream that is truncated, or does not fit on
 * the disk, leaves a file that nothing restores.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "guest.h"
#include "same.h"
#include "save_room.h"
#include "save_stream.h"
#include "verify.h"

/**
 * struct input - a save file as stock writes it
 * @data: its bytes
 * @size: of @data
 * @fd: the file
 * @start: offset of the libxc stream
 * @end: offset of the end of that stream; @size if it has no END
 * @ours: the stream has records that only our writers make
 * @live: it is saved as a live save is: with each page once in the file
 */
struct input {
	const uint8_t *data;
	size_t size;
	int fd;
	uint64_t start;
	uint64_t end;
	bool ours;
	bool live;
};

/* The input sets it, so that an input always has the same random numbers. */
static uint32_t random_state;

static uint32_t random_below(uint32_t below)
{
	random_state = random_state * 1664525U + 1013904223U;
	return (uint32_t)((uint64_t)random_state * below >> 32);
}

/* save_stream.c calls this instead of read(): see short-reads.h. */
ssize_t short_read(int fd, void *buf, size_t size);
ssize_t short_read(int fd, void *buf, size_t size)
{
	size_t most = 1 + random_below(random_below(4) ? 9000 : 20);

	if (!random_below(32)) {
		errno = EINTR;
		return -1;
	}
	return read(fd, buf, size < most ? size : most);
}

/* Return: whether the file has the start of a libxc stream. */
static bool find_stream(struct input *in, const uint8_t *data, size_t size)
{
	static struct savefile f;
	struct stream_record rec;

	*in = (struct input) { .data = data, .size = size, .end = size };
	in->fd = fuzz_file(0, data, size);
	if (savefile_find(&f, in->fd, "in", &in->start))
		return false;
	if (stream_open(&f.stream, in->fd, "in", in->start))
		return true;
	do {
		if (stream_next(&f.stream, &rec))
			return true;
		in->ours |= record_kind(rec.type) == RECORD_THAW ||
			    record_kind(rec.type) == RECORD_THAW_LATER;
	} while (rec.type != REC_END);
	in->end = f.stream.next;
	return true;
}

/* Returns a pipe that holds the stream up to @end, and has no writer any more. */
static int open_stream(const struct input *in, uint64_t end)
{
	size_t size = (size_t)(end - in->start);
	int fds[2];

	CHECK(!pipe2(fds, O_CLOEXEC));
	CHECK(fcntl(fds[1], F_SETPIPE_SZ, 1 << 17) >= 1 << 17);
	CHECK(write(fds[1], in->data + in->start, size) == (ssize_t)size);
	close(fds[1]);
	return fds[0];
}

/* Return: that of save_stream(), or 1 if the header cannot grow. */
static int save(const struct input *in, uint64_t end, struct save_job *job)
{
	static struct writer out;
	char error[256];
	int ret;

	*job = (struct save_job) { .start = in->start, .out = &out, .live = in->live };
	writer_init(&out, fuzz_file(1, in->data, (size_t)in->start), "out",
		    job->error, sizeof(job->error));
	ret = save_make_room(out.fd, "out", &job->start, error,
			     sizeof(error));
	CHECK(ret >= 0, "%s", error);
	if (ret)
		return ret;
	CHECK(job->start % 8 == 0);
	job->in_fd = open_stream(in, end);
	ret = save_stream(job);
	close(job->in_fd);
	return ret;
}

static void check_error(const struct save_job *job)
{
	const char *c;

	CHECK(job->error[0]);
	for (c = job->error; *c; c++)
		CHECK(!iscntrl((unsigned char)*c), "%#x", *c);
}

/* Checks that neither libxl nor we restore what a failed save leaves. */
static void check_failed(const struct save_job *job)
{
	static struct savefile f;
	struct stream_record rec;
	struct plan p = { 0 };
	uint64_t at;

	check_error(job);
	if (!savefile_open(&f, job->out->fd, "out") &&
	    !plan_build(&p, &f.stream)) {
		at = f.stream.next;
		CHECK(savefile_next(&f, &at, &rec));
	}
	plan_free(&p);
}

static void check_plain(const struct input *in, const struct save_job *job)
{
	static uint8_t saved[1 << 17];
	size_t size = (size_t)(in->end - in->start);

	CHECK(job->end == job->start + size);
	CHECK(pread(job->out->fd, saved, size, (off_t)job->start) ==
	      (ssize_t)size);
	CHECK(!memcmp(saved, in->data + in->start, size));
}

/* Adds what libxl writes after the stream when the helper is done. */
static void add_tail(const struct input *in, const struct save_job *job)
{
	size_t size = in->size - (size_t)in->end;

	CHECK(pwrite(job->out->fd, in->data + in->end, size, (off_t)job->end) ==
	      (ssize_t)size);
}

static void check_saved(const struct input *in, const struct save_job *job)
{
	static struct verify v;
	struct stat st;

	CHECK(!fstat(job->out->fd, &st));
	CHECK((uint64_t)st.st_size == job->end);
	CHECK(job->nr_zero <= job->nr_pages);
	if (job->plain) {
		check_plain(in, job);
		return;
	}
	add_tail(in, job);
	same_plans(in->fd, job->out->fd);
	same_guests(in->fd, job->out->fd);
	if (in->ours || verify_file(&v, in->fd, "in"))
		return;
	CHECK(!verify_file(&v, job->out->fd, "out"), "%s", v.file.stream.error);
	CHECK(v.indexed && v.nr_summed == job->nr_pages);
	CHECK(v.nr_records == job->nr_records);
	CHECK(v.summed_bytes <= job->end);
}

/* The stock helper stops at a random offset. */
static void save_truncated(const struct input *in)
{
	uint32_t size = (uint32_t)(in->end - in->start);
	struct save_job job;

	CHECK(save(in, in->start + random_below(size), &job) == -1);
	CHECK(job.truncated, "%s", job.error);
	check_failed(&job);
}

/* The disk is full at a random offset. */
static void save_disk_full(const struct input *in, uint64_t start, uint64_t end)
{
	struct rlimit old, limit;
	struct save_job job;
	int ret;

	CHECK(!getrlimit(RLIMIT_FSIZE, &old));
	limit = old;
	limit.rlim_cur = start + random_below((uint32_t)(end - start));
	CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
	ret = save(in, in->end, &job);
	CHECK(!setrlimit(RLIMIT_FSIZE, &old));
	CHECK(ret == -1);
	CHECK(!job.truncated && strstr(job.error, "cannot write: "), "%s", job.error);
	check_failed(&job);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct save_job job;
	struct input in;
	int ret;

	signal(SIGXFSZ, SIG_IGN);
	random_state = thaw_sum(0, data, size);
	if (!find_stream(&in, data, size))
		return 0;
	in.live = random_below(2);
	ret = save(&in, in.end, &job);
	if (ret < 0)
		check_failed(&job);
	if (ret)
		return 0;
	check_saved(&in, &job);
	if (!job.plain) {
		save_truncated(&in);
		save_disk_full(&in, job.start, job.end);
	}
	return 0;
}
