// SPDX-License-Identifier: GPL-2.0
/* pack*.c: the packed file restores to the same guest, and packs to itself. */
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "guest.h"
#include "pack.h"
#include "verify.h"

/* A file, its plan and its bytes. */
struct side {
	struct savefile f;
	struct plan p;
	struct fuzz_page *page;
	size_t nr;
	uint8_t *data;
	size_t size;
};

static int new_file(unsigned int which)
{
	static const uint8_t nothing;

	return fuzz_file(which, &nothing, 0);
}

static void open_side(struct side *s, int fd)
{
	struct stat st;

	CHECK(!fstat(fd, &st));
	s->size = (size_t)st.st_size;
	s->data = mmap(NULL, s->size, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(s->data != MAP_FAILED);
	CHECK(!savefile_open(&s->f, fd, "file"), "%s", s->f.stream.error);
	CHECK(!plan_build(&s->p, &s->f.stream), "%s", s->f.stream.error);
	s->page = fuzz_pages(&s->p, &s->nr);
}

static void close_side(struct side *s)
{
	munmap(s->data, s->size);
	free(s->page);
	plan_free(&s->p);
}

static const uint8_t *contents(const struct side *s, size_t i)
{
	static const uint8_t zero[XT_PAGE_SIZE];

	return s->page[i].zero ? zero : s->data + s->page[i].offset;
}

/* Both plans fill the same pages with the same. */
static void compare_plans(int in, int out)
{
	static struct side a, b;
	size_t i;

	open_side(&a, in);
	open_side(&b, out);
	CHECK(a.p.pages == b.p.pages);
	CHECK(a.nr == b.nr);
	for (i = 0; i < a.nr; i++) {
		CHECK(a.page[i].gfn == b.page[i].gfn);
		CHECK(!memcmp(contents(&a, i), contents(&b, i), XT_PAGE_SIZE));
		CHECK(b.page[i].zero || b.page[i].offset % XT_PAGE_SIZE == 0);
	}
	close_side(&a);
	close_side(&b);
}

/* The model of stock's restore knows types, too, but small guests only. */
static void compare_guests(int in, int out)
{
	static struct guest before, after;
	const char *why;

	if (guest_restore(&before, 0, in))
		return;
	why = guest_restore(&after, 0, out);
	CHECK(!why, "%s", why);
	why = guest_differs(&before, &after);
	CHECK(!why, "%s", why);
}

static void check_packed(struct pack_job *job)
{
	static struct verify v;

	CHECK(!verify_file(&v, job->out_fd, "packed"), "%s",
	      v.file.stream.error);
	CHECK(v.indexed && !v.rest);
	CHECK(!job->sums || v.summed_bytes == v.size);
}

static void check_again(struct pack_job *job)
{
	struct side a = { 0 }, b = { 0 };
	int in = job->in_fd;

	job->in_fd = job->out_fd;
	job->out_fd = new_file(in < job->out_fd ? 0 : 1);
	CHECK(!pack_stream(job), "%s", job->error);
	open_side(&a, job->in_fd);
	open_side(&b, job->out_fd);
	/* Where there are no pages, it is not said which record is behind them. */
	CHECK(!a.nr || (a.size == b.size && !memcmp(a.data, b.data, a.size)));
	close_side(&a);
	close_side(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct verify v;
	struct pack_job job = { .in_name = "in", .out_name = "out" };
	bool sound;

	job.in_fd = fuzz_file(0, data, size);
	job.out_fd = new_file(1);
	job.sums = size % 8;
	sound = !verify_file(&v, job.in_fd, "in");
	if (pack_stream(&job)) {
		fuzz_check_error(job.error);
		return 0;
	}
	compare_plans(job.in_fd, job.out_fd);
	compare_guests(job.in_fd, job.out_fd);
	/* What is wrong with a file is not mended by packing it. */
	if (sound) {
		check_packed(&job);
		check_again(&job);
	}
	return 0;
}
