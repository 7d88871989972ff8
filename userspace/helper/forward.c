// SPDX-License-Identifier: GPL-2.0
/* What the stock helper gets of the stream: all but the pages that we fill. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "forward.h"
#include "input.h"
#include "message.h"
#include "stock.h"

int restore_fail(const struct restore *r, const char *error)
{
	message("%s: %s", r->name, error);
	return -1;
}

int restore_stock_ended(struct restore *r)
{
	r->stock_ended = true;
	return -1;
}

int restore_read_failed(struct restore *r)
{
	const unsigned int stopped = r->stream.in ? r->stream.in->stopped : 0;

	if (stock_interrupted)
		return restore_fail(r, "interrupted by a signal");
	if (stopped == 1)
		return restore_stock_ended(r);
	return stopped ? -1 : restore_fail(r, r->stream.error);
}

int restore_check_wanted(struct restore *r)
{
	if (stock_interrupted)
		return restore_fail(r, "interrupted by a signal");
	return stock_ended_within(0) ? restore_stock_ended(r) : 0;
}

static int write_all(int fd, const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(fd, buf, len);

		if (stock_interrupted) {
			errno = EINTR;
			return -1;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		buf += n;
		len -= n;
	}
	return 0;
}

static int fail_to_forward(struct restore *r, uint64_t offset)
{
	if (stock_interrupted)
		return restore_fail(r, "interrupted by a signal");
	if (errno == EPIPE)
		return restore_stock_ended(r);
	message("%s: offset %llu: cannot write to the stock helper: %s",
		r->name, (unsigned long long)offset, strerror(errno));
	return -1;
}

int forward_bytes(struct restore *r, int pipe_fd, const void *buf, size_t len,
		  uint64_t offset)
{
	return write_all(pipe_fd, buf, len) ? fail_to_forward(r, offset) : 0;
}

int forward(struct restore *r, int pipe_fd, uint64_t start, uint64_t end)
{
	char buf[16384];
	size_t n;

	for (; start < end; start += n) {
		n = end - start < sizeof(buf) ? end - start : sizeof(buf);
		if (stream_read(&r->stream, start, buf, n, "record"))
			return restore_read_failed(r);
		if (forward_bytes(r, pipe_fd, buf, n, start))
			return -1;
	}
	return 0;
}

/* Forwards what the stock helper is to see of a PV guest's PAGE_DATA. */
static int forward_rewritten(struct restore *r, int pipe_fd, struct stream *s,
			     const struct stream_record *rec)
{
	struct fills pieces;
	size_t length, i;
	char *record = pv_rewrite(r->pv, s, rec, &pieces, &length);
	int err = 0;

	if (!record)
		err = restore_fail(r, s->error);
	else
		err = forward_bytes(r, pipe_fd, record, length, rec->offset);
	for (i = 0; !err && i < pieces.nr; i++) {
		const struct plan_fill *piece = &pieces.v[i];

		err = forward(r, pipe_fd, piece->offset, piece->offset +
			      (uint64_t)piece->nr * XT_PAGE_SIZE);
	}
	free(pieces.v);
	free(record);
	return err;
}

int forward_head(struct restore *r, int pipe_fd)
{
	struct stream s;
	struct stream_record rec;
	uint64_t from, end = r->pv ? r->plan.first_after_data : r->plan.head_end;

	if (stream_open(&s, r->io_fd, r->name, r->stream.start))
		return restore_fail(r, s.error);
	from = s.start;
	while (s.next < end) {
		if (stream_next(&s, &rec))
			return restore_fail(r, s.error);
		if (rec.type != REC_PAGE_DATA && !(rec.type & REC_OPTIONAL))
			continue;
		if (forward(r, pipe_fd, from, rec.offset))
			return -1;
		if (rec.type == REC_PAGE_DATA && r->pv &&
		    forward_rewritten(r, pipe_fd, &s, &rec))
			return -1;
		from = s.next;
	}
	return forward(r, pipe_fd, from, end);
}
