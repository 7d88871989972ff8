// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input.h"

void input_init(struct input *in, int fd)
{
	unsigned int i;

	memset(in, 0, sizeof(*in));
	in->fd = fd;
	for (i = 0; i < INPUT_STOPS; i++)
		in->stop[i] = -1;
}

void input_free(struct input *in)
{
	free(in->held);
	in->held = NULL;
}

/* A signal before poll() makes one of the others readable. */
static int wait_for_bytes(struct stream *s)
{
	struct pollfd p[1 + INPUT_STOPS] = {
		{ .fd = s->in->fd, .events = POLLIN },
	};
	unsigned int i;

	for (i = 0; i < INPUT_STOPS; i++) {
		p[1 + i].fd = s->in->stop[i];
		p[1 + i].events = POLLIN;
	}
	while (poll(p, 1 + INPUT_STOPS, -1) < 0)
		if (errno != EINTR)
			return stream_fail(s, s->in->pos, "poll: %s",
					   strerror(errno));
	for (i = 1; i <= INPUT_STOPS; i++)
		if (p[i].revents)
			s->in->stopped = i;
	return s->in->stopped ? stream_fail(s, s->in->pos, "stopped") : 0;
}

static int take(struct stream *s, void *buf, size_t size, const char *what)
{
	struct input *in = s->in;
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		if (wait_for_bytes(s))
			return -1;
		n = read(in->fd, (char *)buf + done, size - done);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return stream_fail(s, in->pos, "cannot read %s: %s",
					   what, strerror(errno));
		if (!n)
			return stream_fail(s, in->pos,
					   "the stream ends here, before its END record: %zu bytes of the %s are missing",
					   size - done, what);
		done += (size_t)n;
		in->pos += (uint64_t)n;
	}
	return 0;
}

static int skip_to(struct stream *s, uint64_t offset)
{
	while (s->in->pos < offset) {
		uint64_t left = offset - s->in->pos;

		/* Nothing else uses it where there is an input. */
		if (take(s, s->ahead, left < sizeof(s->ahead) ? (size_t)left :
			 sizeof(s->ahead), "record"))
			return -1;
	}
	return 0;
}

static int make_room(struct stream *s, size_t size)
{
	struct input *in = s->in;
	size_t cap = in->held_cap ? in->held_cap : sizeof(s->ahead);
	uint8_t *held;

	if (size <= in->held_cap)
		return 0;
	while (cap < size)
		cap *= 2;
	held = realloc(in->held, cap);
	if (!held)
		return stream_fail(s, in->pos, "no memory for %zu bytes of a record",
				   size);
	in->held = held;
	in->held_cap = cap;
	return 0;
}

int input_hold(struct stream *s, uint64_t offset, const char *what)
{
	struct input *in = s->in;
	uint64_t end = in->held_start + in->held_len;
	size_t more;
	int ret;

	if (offset <= end)
		return 0;
	more = (size_t)(offset - end);
	if (make_room(s, in->held_len + more))
		return -1;
	ret = take(s, in->held + in->held_len, more, what);
	in->held_len = (size_t)(in->pos - in->held_start);
	return ret;
}

int input_open(struct stream *s, struct input *in, const char *name)
{
	memset(s, 0, sizeof(*s));
	s->fd = -1;
	s->name = name;
	s->next = STREAM_HEADERS_SIZE;
	s->file_size = UINT64_MAX;
	s->in = in;
	return stream_check_headers(s);
}

int input_next(struct stream *s)
{
	if (skip_to(s, s->next))
		return -1;
	s->in->held_start = s->next;
	s->in->held_len = 0;
	return 0;
}

int input_read(struct stream *s, uint64_t offset, void *buf, size_t size,
	       const char *what)
{
	const struct input *in = s->in;
	size_t held = 0;

	if (offset < in->held_start + in->held_len) {
		held = (size_t)(in->held_start + in->held_len - offset);
		if (held > size)
			held = size;
		memcpy(buf, in->held + (offset - in->held_start), held);
	}
	if (held == size)
		return 0;
	if (skip_to(s, offset + held))
		return -1;
	if (in->pos != offset + held)
		return stream_fail(s, offset, "a stream cannot be read twice");
	return take(s, (uint8_t *)buf + held, size - held, what);
}
