// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sink.h"

int sink_write(struct sink *k, uint64_t offset, const void *buf,
	       size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = pwrite(k->fd, (const char *)buf + done, size - done,
			   (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			snprintf(k->error, k->error_size,
				 "offset %" PRIu64 ": cannot write: %s",
				 offset + done,
				 strerror(n ? errno : ENOSPC));
			return -1;
		}
		done += (size_t)n;
	}
	return 0;
}

int sink_append(struct sink *k, const void *buf, size_t size)
{
	if (sink_write(k, k->pos, buf, size))
		return -1;
	k->pos += size;
	k->span.size += size;
	k->span.sum = thaw_sum(k->span.sum, buf, size);
	return 0;
}

void sink_begin_span(struct sink *k)
{
	memset(&k->span, 0, sizeof(k->span));
	k->span.offset = k->pos;
}

void sink_end_span(struct sink *k, struct thaw_span *span)
{
	memset(span, 0, sizeof(*span));
	span->offset = htole64(k->span.offset);
	span->size = htole64(k->span.size);
	span->sum = htole32(k->span.sum);
}
