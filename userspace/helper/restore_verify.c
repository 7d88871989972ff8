// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "progress.h"
#include "verify.h"

/* -1 after a message. */
static int is_asked(void)
{
	const char *wish = getenv("XEN_THAW_VERIFY");

	if (!wish || !wish[0] || !strcmp(wish, "0"))
		return 0;
	if (!strcmp(wish, "1"))
		return 1;
	message("XEN_THAW_VERIFY=%s: it is 0 or 1", wish);
	return -1;
}

int verify_if_asked(int fd, const char *name, uint64_t start)
{
	static struct verify v;
	int asked = is_asked(), ret;
	off_t pos;

	if (asked <= 0)
		return asked;
	pos = lseek(fd, 0, SEEK_CUR);
	progress_title("verifying");
	ret = verify_stream(&v, fd, name, start);
	progress_title("restoring");
	if (ret) {
		message("%s: %s", name, v.file.stream.error);
		return -1;
	}
	if (lseek(fd, pos, SEEK_SET) < 0) {
		message("%s: cannot seek back: %s", name, strerror(errno));
		return -1;
	}
	if (!v.summed_bytes)
		message("%s: it has no checksums: only its structure was verified",
			name);
	return 0;
}
