// SPDX-License-Identifier: GPL-2.0
/* Streams that are read once: the same pages as from a file, or an error as well. */
#include <unistd.h>

#include "fuzz.h"
#include "pour.h"
#include "savefile.h"

static void compare(const struct poured *stream, int ret, const struct plan *p,
		    int planned, int fd)
{
	struct poured file;
	const char *why;

	CHECK(!ret == !planned, "%s", stream->error);
	if (ret) {
		fuzz_check_error(stream->error);
		return;
	}
	CHECK(stream->left == p->end + RECORD_HEADER_SIZE);
	poured_plan(&file, p, fd);
	why = poured_differs(stream, &file);
	CHECK(!why, "%s", why);
	free(file.page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct savefile f;
	int fd = fuzz_file(0, data, size), ret;
	struct poured stream;
	struct plan p;
	bool hvm;

	if (savefile_open(&f, fd, "file"))
		return 0;
	hvm = f.stream.guest_type == STREAM_GUEST_HVM;
	ret = plan_build(&p, &f.stream);
	if (hvm && lseek(fd, (off_t)f.stream.start, SEEK_SET) >= 0) {
		int poured = pour(&stream, fd);

		CHECK(!stream.wrong, "%s", stream.error);
		compare(&stream, poured, &p, ret, fd);
		free(stream.page);
	}
	plan_free(&p);
	return 0;
}
