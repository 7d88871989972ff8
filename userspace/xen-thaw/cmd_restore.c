// SPDX-License-Identifier: GPL-2.0
/* xen-thaw restore: xl restore, with xen-thaw-helper as its save helper. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "env.h"
#include "message.h"
#include "run_xl.h"
#include "savefile.h"
#include "unpack.h"

static const char help[] =
	"usage: xen-thaw restore [OPTION]... [XL-OPTION]... [CONFIG] FILE\n"
	"\n"
	"Restores a guest as xl restore does, from a file that xl save wrote. FILE may be\n"
	"compressed by zstd, gzip, xz or lz4.\n"
	"\n"
	"  --engine NAME  what fills the guest's memory: module, gntdev, mmapbatch,\n"
	"                 stock (xl's own way), or auto: the best that works here\n"
	"  --threads N    threads of the engine module, 1 to 4\n"
	"  --cache HOW    what stays of FILE in the page cache: keep (all of it), drop\n"
	"                 (what was there before), or auto: drop if FILE is large for\n"
	"                 this host\n"
	"  --verify       verify FILE first\n"
	"  --no-stream    leave a FILE that is a pipe to xl's own way\n"
	"  --stats FILE   append a line of JSON about the restore\n"
	"  -h, --help     show this text\n"
	"  --             all arguments that follow are for xl\n"
	"\n"
	"All other options are passed to xl restore (see its --help and xl(1)).\n"
	"The exit code is that of xl.\n";

/*
 * What is in a pipe can be read only once, and to open a FIFO would take it away
 * from xl: such files are not looked into.
 */
static bool is_stream(const struct stat *st)
{
	return S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode) ||
	       S_ISCHR(st->st_mode);
}

static int check_contents(const char *path, int fd)
{
	struct savefile f;

	if (savefile_open(&f, fd, path)) {
		message("%s: %s", path, f.stream.error);
		return -1;
	}
	if (f.toolstack != SAVEFILE_XL) {
		message("%s: saved by libvirt: restore it with virsh restore",
			path);
		return -1;
	}
	return 0;
}

/* Makes xl read what a child decompresses. */
static int unpack(struct xl_request *r, const struct unpack_format *format, int fd)
{
	const char *path = r->operand[1];
	static char pipe[32];
	int pipe_fd;

	if (r->verify) {
		message("%s: compressed with %s: --verify needs a file that is not; checksums of %s are verified in any case",
			path, format->name, format->name);
		return -1;
	}
	if (!r->threads && env_get_threads(&r->nr_threads))
		return -1;
	command_show_progress();
	pipe_fd = unpack_start(format, path, fd, r->nr_threads);
	if (pipe_fd < 0)
		return -1;
	snprintf(pipe, sizeof(pipe), "/proc/self/fd/%d", pipe_fd);
	xl_replace_operand(r, pipe);
	return 0;
}

static int check_file(struct xl_request *r)
{
	const struct unpack_format *format;
	const char *path = r->operand[1];
	struct stat st;
	int fd, ret;

	if (!stat(path, &st) && is_stream(&st))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		message("%s: %s", path, strerror(errno));
		return -1;
	}
	format = unpack_find(fd);
	ret = format ? unpack(r, format, fd) : check_contents(path, fd);
	close(fd);
	return ret;
}

static int restore(struct xl_request *r, int argc, char **argv)
{
	int ret = xl_parse(r, argc, argv);

	if (ret != GO_ON)
		return ret;
	if (!r->nr_operands) {
		message("missing FILE");
		return command_usage(r->command);
	}
	if (check_file(r))
		return EXIT_FAILED;
	return xl_run(r, "restoring a guest");
}

static int run(int argc, char **argv)
{
	struct xl_request r = { .command = &command_restore };
	int ret = restore(&r, argc, argv);

	xl_free(&r);
	return ret;
}

const struct command command_restore = {
	.name = "restore",
	.summary = "restore a guest from a save file, as xl restore does",
	.help = help,
	.run = run,
};
