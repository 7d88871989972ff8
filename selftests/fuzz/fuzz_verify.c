// SPDX-License-Identifier: GPL-2.0
/* verify*.c: a file that passes can be restored, and one with a flipped bit fails. */
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "verify.h"

static struct verify v;

static void check_plannable(int fd)
{
	static struct savefile f;
	struct plan p;

	CHECK(!savefile_open(&f, fd, "file"), "%s", f.stream.error);
	CHECK(plan_build(&p, &f.stream) >= 0, "%s", f.stream.error);
	plan_free(&p);
}

/* Flips a bit of a file whose every byte has a checksum. The bytes choose the bit. */
static void check_flipped(int fd, const uint8_t *data, size_t size)
{
	uint32_t hash = thaw_sum(0, data, size);
	uint64_t at = hash / 8 % size;
	uint8_t flipped = data[at] ^ (uint8_t)(1U << hash % 8);

	CHECK(pwrite(fd, &flipped, 1, (off_t)at) == 1);
	CHECK(verify_file(&v, fd, "file"), "byte %zu of %zu", (size_t)at, size);
	fuzz_check_error(v.file.stream.error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = fuzz_file(0, data, size);
	uint64_t start;

	if (verify_file(&v, fd, "file")) {
		fuzz_check_error(v.file.stream.error);
		return 0;
	}
	CHECK(v.size + v.rest == size);
	CHECK(v.nr_summed <= v.nr_pages);
	start = v.file.stream.start;
	check_plannable(fd);
	if (v.summed_bytes == size)
		check_flipped(fd, data, size);
	else
		CHECK(!verify_stream(&v, fd, "file", start), "%s",
		      v.file.stream.error);
	return 0;
}
