// SPDX-License-Identifier: GPL-2.0
/* What the fill engines have in common. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"

int fill_fail(struct fill_job *job, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(job->error, sizeof(job->error), fmt, ap);
	va_end(ap);
	return -1;
}

int fill_read(struct fill_job *job, uint8_t *to, size_t len, uint64_t offset)
{
	while (len) {
		ssize_t n = pread(job->fd, to, len, offset);

		if (*job->interrupted)
			return fill_fail(job, "interrupted by a signal");
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fill_fail(job, "offset %llu: cannot read: %s",
					 (unsigned long long)offset,
					 strerror(errno));
		if (!n)
			return fill_fail(job, "offset %llu: the file ends here: it was truncated while it was read",
					 (unsigned long long)offset);
		to += n;
		offset += n;
		len -= n;
	}
	return 0;
}
