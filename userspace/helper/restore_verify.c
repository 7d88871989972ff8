// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "progress.h"
#include "restore_verify.h"
#include "verify.h"

int restore_verify(int fd, const char *name, uint64_t start)
{
	static struct verify v;
	off_t pos = lseek(fd, 0, SEEK_CUR);
	int ret;

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
