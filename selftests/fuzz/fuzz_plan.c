// SPDX-License-Identifier: GPL-2.0
/* plan.c: a plan has each page once, with its last data, and no byte outside the file. */
#include <unistd.h>

#include "fuzz.h"
#include "savefile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct savefile f, again;
	int fd = fuzz_file(0, data, size), ret;
	struct plan p;

	if (savefile_open(&f, fd, "file"))
		return 0;
	again = f;
	ret = plan_build(&p, &f.stream);
	CHECK(lseek(fd, 0, SEEK_CUR) == 0);
	if (ret) {
		fuzz_check_error(f.stream.error);
	} else {
		CHECK(p.end + 8 == f.stream.next);
		CHECK(p.first_after_data <= p.end);
		CHECK(p.head_end <= p.first_after_data);
		fuzz_check_plan(&p, &again.stream, data, size);
	}
	plan_free(&p);
	return 0;
}
