// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "env.h"
#include "call.h"
#include "file.h"
#include "message.h"
#include "number.h"
#include "save.h"
#include "save_room.h"
#include "save_stream.h"
#include "stats.h"
#include "stock.h"

/* The largest that is not root's alone (/proc/sys/fs/pipe-max-size). */
#define PIPE_SIZE	(1 << 20)

/* Milliseconds between two looks at a file that the stock helper writes. */
#define LOOK_EVERY	20

/* Of ARG_FLAGS: XCFLAGS_LIVE (xenguest.h). */
#define FLAG_LIVE	1U

/* argv of --save-domain (libxl_save_callout.c, libxl_save_helper.c). */
enum save_arg {
	ARG_IO_FD = 2,
	ARG_RECV_FD,
	ARG_DOMID,
	ARG_FLAGS,
	ARG_CBFLAGS,
	ARG_STREAM_TYPE,
	SAVE_ARGC,
};

/**
 * struct save - a call
 * @stock: path of the stock helper
 * @argv: our own
 * @io_fd: libxl's descriptor of the file; libxl goes on at its offset
 * @name: of the file
 * @job: what is written into the file
 * @out: the file
 * @stats: of this save
 */
struct save {
	const char *stock;
	char **argv;
	int io_fd;
	char name[PATH_MAX];
	struct save_job job;
	struct writer out;
	struct save_stats stats;
};

/* Return: whether the call is ours: a plain stream into a regular file. */
static bool is_file_save(struct save *s, int argc)
{
	uint32_t io_fd, flags, stream_type;
	struct stat st;
	off_t start;

	if (argc != SAVE_ARGC ||
	    !number_parse(s->argv[ARG_IO_FD], INT32_MAX, &io_fd) ||
	    !number_parse(s->argv[ARG_FLAGS], UINT32_MAX, &flags) ||
	    !number_parse(s->argv[ARG_STREAM_TYPE], UINT32_MAX, &stream_type))
		return false;
	s->io_fd = (int)io_fd;
	if (stream_type || fstat(s->io_fd, &st) || !S_ISREG(st.st_mode))
		return false;
	start = lseek(s->io_fd, 0, SEEK_CUR);
	s->job.live = flags & FLAG_LIVE;
	s->job.start = (uint64_t)start;
	return start >= 0;
}

/* libxl's own descriptor is for writing only. */
static int open_file(struct save *s)
{
	int flags = fcntl(s->io_fd, F_GETFL);
	char link[32];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", s->io_fd);
	s->out.fd = open(link, O_RDWR | O_CLOEXEC | (flags & O_SYNC));
	return s->out.fd < 0 ? -1 : 0;
}

static int append_stats(struct save *s, double start, int status)
{
	const char *path = env_stats();

	s->stats.guest = s->job.guest;
	s->stats.records = s->job.nr_records;
	s->stats.pages = s->job.nr_pages;
	s->stats.zero_pages = s->job.nr_zero;
	s->stats.again = s->job.nr_again;
	s->stats.dropped = s->out.dropped_bytes;
	s->stats.total_s = clock_now() - start;
	/* The stock helper tells libxl that it gave up, and ends with 0. */
	s->stats.result = status || s->job.truncated ? "failed" : "ok";
	if (path)
		stats_append_save(path, &s->stats);
	return status;
}

/* For the child: it has to clean up the guest before it ends. */
static void ignore_sigpipe(void *arg)
{
	(void)arg;
	signal(SIGPIPE, SIG_IGN);
}

/* Return: the child's end of a pipe to it, with @in_fd being ours; or -1. */
static int open_pipe(int *in_fd)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC)) {
		message("cannot make a pipe: %s", strerror(errno));
		return -1;
	}
	/* A smaller pipe is slower, no more. */
	fcntl(fds[1], F_SETPIPE_SZ, PIPE_SIZE);
	*in_fd = fds[0];
	return fds[1];
}

/* Where the stream is written, and the offset is where libxl goes on. */
static int save_all(struct save *s)
{
	if (save_stream(&s->job)) {
		message("%s: %s", s->name, s->job.error);
		return -1;
	}
	if (s->job.plain)
		message("%s: a libxc stream of a kind that is not known: written as it came",
			s->name);
	if (s->job.nr_zero && file_got_no_hole(s->out.fd))
		message("%s: " NO_HOLES, s->name, s->job.nr_zero);
	if (lseek(s->io_fd, (off_t)s->job.end, SEEK_SET) < 0) {
		message("%s: cannot seek: %s", s->name, strerror(errno));
		return -1;
	}
	return 0;
}

/*
 * The stock helper that gets SIGTERM while libxl suspends the guest ends at once: the
 * guest would be suspended all the same, and its log of dirty pages stay on. So ours
 * ends the stream alone, and the stock helper's next write fails.
 */
static void end_by_stream(struct save *s)
{
	s->job.stop = &stock_interrupted;
	stock_keep_sigterm();
}

/*
 * The stock helper's stream comes through a pipe. If the stock helper gives up, it
 * tells libxl itself; if we do, our status has to tell it.
 */
static int run_packed(struct save *s)
{
	int child_end = open_pipe(&s->job.in_fd), status, ret;

	if (child_end < 0)
		return STATUS_FAILED;
	if (s->job.live)
		end_by_stream(s);
	/* A limit on file sizes is an error like any other. */
	signal(SIGXFSZ, SIG_IGN);
	ret = stock_spawn(s->stock, s->argv, s->io_fd, child_end,
			  ignore_sigpipe, NULL);
	close(child_end);
	if (ret) {
		close(s->job.in_fd);
		return STATUS_FAILED;
	}
	s->stats.form = "packed";
	ret = save_all(s);
	if (s->job.plain)
		s->stats.form = "plain";
	close(s->job.in_fd);
	status = stock_wait();
	if (ret && !s->job.truncated && !status)
		status = STATUS_FAILED;
	return status;
}

static int drop_plain(struct save *s, int (*drop)(struct writer *w, uint64_t end))
{
	struct stat st;

	if (fstat(s->io_fd, &st) || (uint64_t)st.st_size < s->job.start)
		return 0;
	s->out.written = (uint64_t)st.st_size - s->job.start;
	return drop(&s->out, (uint64_t)st.st_size);
}

/*
 * The stock helper writes the file itself; what it has written is dropped from
 * the page cache behind it.
 */
static int run_plain(struct save *s)
{
	int status, ret = 0;

	if (stock_spawn(s->stock, s->argv, -1, -1, NULL, NULL))
		return STATUS_FAILED;
	s->stats.form = "plain";
	s->job.guest = "unknown";
	while (!ret && writer_drops(&s->out) && !stock_ended_within(LOOK_EVERY))
		ret = drop_plain(s, writer_flush_behind);
	status = stock_wait();
	if (!ret && !status)
		ret = drop_plain(s, writer_finish);
	if (!ret)
		return status;
	message("%s: %s", s->name, s->job.error);
	return status ? status : STATUS_FAILED;
}

static int run_into_file(struct save *s, double start)
{
	enum engine_choice choice;
	enum cache_mode mode;
	int room;

	if (env_get_engine(&choice) || env_get_cache(&mode))
		return append_stats(s, start, STATUS_FAILED);
	if (choice == ENGINE_STOCK) {
		stock_exec(s->stock, s->argv);
		return STATUS_FAILED;
	}
	call_file_name(s->io_fd, s->name, sizeof(s->name));
	if (env_file())
		snprintf(s->name, sizeof(s->name), "%s", env_file());
	if (open_file(s)) {
		message("%s: cannot read it: %s: saved by the stock helper alone",
			s->name, strerror(errno));
		stock_exec(s->stock, s->argv);
		return STATUS_FAILED;
	}
	room = save_make_room(s->out.fd, s->name, &s->job.start,
			      s->job.error, sizeof(s->job.error));
	if (room)
		message("%s: %s%s", s->name, s->job.error,
			room > 0 ? ": not packed" : "");
	if (room < 0)
		return append_stats(s, start, STATUS_FAILED);

	writer_init(&s->out, s->out.fd, s->name, s->job.error,
		    sizeof(s->job.error));
	writer_drop_behind(&s->out, mode);
	s->job.out = &s->out;
	return append_stats(s, start, room ? run_plain(s) : run_packed(s));
}

int save_run(const char *stock, int argc, char **argv, double start)
{
	static struct save s = {
		.stats = { .form = "none", .guest = "unknown" },
		.job = { .guest = "unknown" },
	};

	s.stock = stock;
	s.argv = argv;
	if (is_file_save(&s, argc))
		return run_into_file(&s, start);
	stock_exec(stock, argv);
	return STATUS_FAILED;
}
