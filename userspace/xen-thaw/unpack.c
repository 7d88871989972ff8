// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "message.h"
#include "progress.h"
#include "seekable.h"
#include "stream.h"
#include "unpack.h"

/* Bytes read at once. */
#define IN_SIZE		(128U << 10)

/* Bytes written at once, and how many such parts wait for the end of the file. */
#define PART		(1U << 20)
#define HELD_PARTS	4U
#define PARTS		(HELD_PARTS + 1)

/* The largest that is not root's alone (/proc/sys/fs/pipe-max-size). */
#define PIPE_SIZE	(1 << 20)

/**
 * struct unpacker - a file being decompressed
 * @name: of it
 * @fd: the file
 * @pipe_fd: where its contents go
 * @taken: bytes of the file that were taken
 * @shown: of them, those that the progress bar shows
 * @gone: nobody reads the pipe
 * @io: between the file and @part
 * @in: bytes of the file
 * @part: contents; part i is at i modulo PARTS
 * @made: parts that are full
 * @written: parts that are in the pipe
 */
struct unpacker {
	const char *name;
	int fd;
	int pipe_fd;
	uint64_t taken;
	uint64_t shown;
	bool gone;
	struct unpack_io io;
	uint8_t in[IN_SIZE];
	uint8_t *part[PARTS];
	uint64_t made;
	uint64_t written;
};

const struct unpack_format *unpack_find(int fd)
{
	const struct unpack_format *f;
	char magic[8] = "";

	if (pread(fd, magic, sizeof(magic), 0) < 0)
		return NULL;
	for (f = unpack_formats; f->name; f++)
		if (!memcmp(magic, f->magic, f->magic_size))
			return f;
	return NULL;
}

/* Return: 0, or -1 after a message, or with @u->gone set. */
static int write_out(struct unpacker *u, const uint8_t *buf, size_t size)
{
	while (size) {
		ssize_t n = write(u->pipe_fd, buf, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EPIPE)
			u->gone = true;
		else if (n < 0)
			message("%s: cannot write to the pipe: %s", u->name,
				strerror(errno));
		if (n < 0)
			return -1;
		buf += n;
		size -= (size_t)n;
	}
	return 0;
}

static void show(struct unpacker *u, uint64_t bytes)
{
	uint64_t pages;

	u->taken += bytes;
	pages = u->taken / XT_PAGE_SIZE;
	progress_add(pages - u->shown);
	u->shown = pages;
}

/* For seekable_read(). */
static int put(void *arg, const void *buf, size_t size, uint64_t packed)
{
	struct unpacker *u = arg;

	show(u, packed);
	return write_out(u, buf, size);
}

static int read_some(struct unpacker *u)
{
	ssize_t n;

	do
		n = read(u->fd, u->in, sizeof(u->in));
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		message("%s: offset %" PRIu64 ": cannot read: %s", u->name,
			u->taken, strerror(errno));
		return -1;
	}
	u->io.in = u->in;
	u->io.in_size = (size_t)n;
	u->io.last = !n;
	show(u, (uint64_t)n);
	return 0;
}

/* Begins the next part when one is full, and writes what need not wait. */
static int next_part(struct unpacker *u)
{
	if (u->io.out_size)
		return 0;
	u->made++;
	if (u->made - u->written > HELD_PARTS) {
		if (write_out(u, u->part[u->written % PARTS], PART))
			return -1;
		u->written++;
	}
	u->io.out = u->part[u->made % PARTS];
	u->io.out_size = PART;
	return 0;
}

static int write_rest(struct unpacker *u)
{
	for (; u->written < u->made; u->written++)
		if (write_out(u, u->part[u->written % PARTS], PART))
			return -1;
	return write_out(u, u->part[u->made % PARTS], PART - u->io.out_size);
}

static int damaged(const struct unpacker *u, const char *why)
{
	message("%s: offset %" PRIu64 ": damaged: %s", u->name,
		u->taken - u->io.in_size, why);
	return -1;
}

static int unpack_in_order(struct unpacker *u, const struct unpack_format *format,
			   void *state)
{
	int ret = 0;

	for (;;) {
		size_t in, out;

		if (!u->io.in_size && !u->io.last && read_some(u))
			return -1;
		in = u->io.in_size;
		out = u->io.out_size;
		/* At the end of a file only what a format still holds may come. */
		if (u->io.last && !in && ret == 1)
			return write_rest(u);
		ret = format->step(state, &u->io);
		if (ret < 0)
			return damaged(u, u->io.error);
		if (u->io.last && in == u->io.in_size && out == u->io.out_size &&
		    ret != 1)
			return damaged(u, "it ends too early");
		if (next_part(u))
			return -1;
	}
}

static int make_parts(struct unpacker *u)
{
	unsigned int i;

	for (i = 0; i < PARTS; i++) {
		u->part[i] = malloc(PART);
		if (!u->part[i])
			return -1;
	}
	u->io.out = u->part[0];
	u->io.out_size = PART;
	return 0;
}

static int unpack_stream(struct unpacker *u, const struct unpack_format *format)
{
	void *state = format->open();
	unsigned int i;
	int ret = -1;

	if (!state || make_parts(u))
		message("%s: no memory to decompress it", u->name);
	else if (lseek(u->fd, 0, SEEK_SET) < 0)
		message("%s: cannot seek: %s", u->name, strerror(errno));
	else
		ret = unpack_in_order(u, format, state);
	if (state)
		format->close(state);
	for (i = 0; i < PARTS; i++)
		free(u->part[i]);
	return ret;
}

static int unpack_frames(struct unpacker *u, struct seekable *s,
			 unsigned int threads)
{
	if (!seekable_read(s, threads, put, u))
		return 0;
	if (s->error[0])
		message("%s: %s", u->name, s->error);
	return -1;
}

int unpack_file(const struct unpack_format *format, const char *name, int fd,
		int pipe_fd, unsigned int threads)
{
	static struct unpacker u;
	struct seekable s = { 0 };
	uint64_t size;
	int ret = 0;

	memset(&u, 0, sizeof(u));
	u.name = name;
	u.fd = fd;
	u.pipe_fd = pipe_fd;
	fcntl(pipe_fd, F_SETPIPE_SZ, PIPE_SIZE);
	if (!stream_file_size(fd, &size))
		progress_start(size / XT_PAGE_SIZE);
	if (!strcmp(format->name, "zstd"))
		ret = seekable_open(&s, fd);
	if (ret < 0)
		message("%s: %s", name, s.error);
	else if (ret)
		ret = unpack_frames(&u, &s, threads);
	else
		ret = unpack_stream(&u, format);
	seekable_close(&s);
	progress_clear();
	return ret && u.gone ? 1 : ret;
}

/* Return: exit code of the child. */
static int run_child(const struct unpack_format *format, const char *name,
		     int fd, int pipe_fd, pid_t parent, unsigned int threads)
{
	/* The parent becomes xl, and ends when the guest is there, or will not be. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return 1;
	signal(SIGPIPE, SIG_IGN);
	return unpack_file(format, name, fd, pipe_fd, threads) != 0;
}

int unpack_start(const struct unpack_format *format, const char *name, int fd,
		 unsigned int threads)
{
	pid_t parent = getpid(), pid;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC)) {
		message("%s: cannot make a pipe: %s", name, strerror(errno));
		return -1;
	}
	pid = fork();
	if (!pid) {
		close(fds[0]);
		_exit(run_child(format, name, fd, fds[1], parent, threads));
	}
	close(fds[1]);
	if (pid < 0) {
		message("%s: cannot start a process: %s", name, strerror(errno));
		close(fds[0]);
		return -1;
	}
	fcntl(fds[0], F_SETFD, 0);
	return fds[0];
}
