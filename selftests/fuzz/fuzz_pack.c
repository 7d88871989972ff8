// SPDX-License-Identifier: GPL-2.0
/* pack*.c: a packed file restores to the same guest, and packing it again changes nothing. */
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "pack.h"
#include "same.h"
#include "verify.h"

static struct verify v;

static int new_file(unsigned int which)
{
	static const uint8_t nothing;

	return fuzz_file(which, &nothing, 0);
}

static void check_packed(struct pack_job *job)
{
	CHECK(!verify_file(&v, job->out_fd, "packed"), "%s",
	      v.file.stream.error);
	CHECK(v.indexed && !v.rest);
	CHECK(!job->sums || v.summed_bytes == v.size);
}

/* Only a plan requires that a PV guest has its pages. Packing does not check that. */
static void check_plans(const struct pack_job *job)
{
	CHECK(same_plans(job->in_fd, job->out_fd) ||
	      v.file.stream.guest_type == STREAM_GUEST_PV);
}

/* Returns the bytes of the file. The caller unmaps them. */
static uint8_t *map(int fd, size_t *size)
{
	uint8_t *data;
	struct stat st;

	CHECK(!fstat(fd, &st));
	*size = (size_t)st.st_size;
	data = mmap(NULL, *size, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(data != MAP_FAILED);
	return data;
}

static void check_again(struct pack_job *job)
{
	size_t size, size_again;
	uint8_t *data, *again;
	int in = job->in_fd;

	job->in_fd = job->out_fd;
	job->out_fd = new_file(in < job->out_fd ? 0 : 1);
	CHECK(!pack_stream(job), "%s", job->error);
	check_plans(job);
	data = map(job->in_fd, &size);
	again = map(job->out_fd, &size_again);
	/* Without pages, the index does not say which record comes after them. */
	CHECK(!v.nr_records ||
	      (size == size_again && !memcmp(data, again, size)));
	munmap(data, size);
	munmap(again, size_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pack_job job = { .in_name = "in", .out_name = "out" };
	bool valid;

	job.in_fd = fuzz_file(0, data, size);
	job.out_fd = new_file(1);
	job.sums = size % 8;
	valid = !verify_file(&v, job.in_fd, "in");
	if (pack_stream(&job)) {
		fuzz_check_error(job.error);
		return 0;
	}
	check_plans(&job);
	same_guests(job.in_fd, job.out_fd);
	/* Packing does not repair a bad file. */
	if (valid) {
		check_packed(&job);
		check_again(&job);
	}
	return 0;
}
