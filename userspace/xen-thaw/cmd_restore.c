// SPDX-License-Identifier: GPL-2.0
/* xen-thaw restore: xl restore, with xen-thaw-helper as its save helper. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env.h"
#include "command.h"
#include "host.h"
#include "message.h"
#include "savefile.h"
#include "xen_thaw.h"

/* Tests have another. */
#ifndef THAW_DEVICE
#define THAW_DEVICE	XEN_THAW_DEVICE
#endif

/**
 * struct request - what the command line asks for
 * @engine: for the helper's XEN_THAW_ENGINE; NULL to leave that alone
 * @stats: for the helper's XEN_THAW_STATS; NULL to leave that alone
 * @cache: for the helper's XEN_THAW_CACHE; NULL to leave that alone
 * @help: print help and nothing else
 * @xl: arguments of xl: "xl", "restore", and all that is not ours, with a NULL
 * @nr_xl: arguments in @xl
 * @file: the last argument that is not an option, NULL where there is none
 */
struct request {
	const char *engine;
	const char *stats;
	const char *cache;
	bool help;
	char **xl;
	int nr_xl;
	char *file;
};

static const char usage[] =
	"usage: xen-thaw restore [OPTION]... [XL-OPTION]... [CONFIG] FILE\n"
	"\n"
	"Restores a guest as xl restore does, from a file that xl save wrote.\n"
	"\n"
	"  --engine NAME  what fills the guest's memory: module, gntdev, mmapbatch,\n"
	"                 stock (xl's own way), or auto: the best that works here\n"
	"  --cache HOW    what stays of FILE in the page cache: keep it, drop what was\n"
	"                 not there before, or auto: drop if FILE is large for this host\n"
	"  --stats FILE   append a line of JSON about the restore\n"
	"  --help         show this text\n"
	"  --             all that follows is for xl\n"
	"\n"
	"All other options are handed to xl restore (see its --help and xl(1)).\n"
	"The exit code is xl's.\n";

static void pass(struct request *r, char *arg)
{
	r->xl[r->nr_xl++] = arg;
}

/*
 * Ours have long names, and -h; all others are xl's. None of those takes an
 * argument, so what is not an option is CONFIG or FILE.
 */
static int parse(struct request *r, int argc, char **argv)
{
	static const struct option options[] = {
		{ "engine", required_argument, NULL, 'E' },
		{ "stats", required_argument, NULL, 'S' },
		{ "cache", required_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int c, at;

	opterr = 0;
	/* "-": what is no option comes in its place, as the option 1. */
	while (at = optind ? optind : 1,
	       (c = getopt_long(argc, argv, "-:h", options, NULL)) != -1) {
		switch (c) {
		case 'E':
			r->engine = optarg;
			break;
		case 'S':
			r->stats = optarg;
			break;
		case 'C':
			r->cache = optarg;
			break;
		case 'h':
			r->help = true;
			break;
		case ':':
			message("%s wants an argument", argv[at]);
			return -1;
		case 1:
			r->file = optarg;
			pass(r, optarg);
			break;
		default:
			/* Once for all letters of a cluster: with the last. */
			if (optind > at)
				pass(r, argv[at]);
		}
	}
	for (; optind < argc; optind++) {
		r->file = argv[optind];
		pass(r, argv[optind]);
	}
	return 0;
}

static int check_request(const struct request *r)
{
	enum engine_choice engine;
	enum cache_mode mode;

	if (r->engine && env_parse_engine("--engine ", r->engine, &engine))
		return -1;
	if (r->cache && env_parse_cache("--cache ", r->cache, &mode))
		return -1;
	if (!r->file) {
		fputs(usage, stderr);
		return -1;
	}
	return 0;
}

static int check_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct savefile f;
	int ret;

	if (fd < 0) {
		message("%s: %s", path, strerror(errno));
		return -1;
	}
	ret = savefile_open(&f, fd, path);
	close(fd);
	if (ret) {
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

static int check_host(const struct request *r)
{
	if (host_check("restoring a guest"))
		return -1;
	if (r->engine && !strcmp(r->engine, "module") &&
	    access(THAW_DEVICE, F_OK)) {
		message("%s: %s: the module is not loaded: modprobe xen_thaw",
			THAW_DEVICE, strerror(errno));
		return -1;
	}
	return 0;
}

/* An absolute path in @path; 0, or -1 after a message. */
static int find_helper(char path[PATH_MAX])
{
	const char *named = env_helper();

	if (named) {
		if (realpath(named, path) && !access(path, X_OK))
			return 0;
		message(ENV_HELPER "=%s: %s", named, strerror(errno));
		return -1;
	}
	return host_find("xen-thaw-helper", X_OK, "set " ENV_HELPER, path);
}

static int set_stats(const char *path)
{
	char dir[PATH_MAX], absolute[2 * PATH_MAX];

	if (path[0] == '/')
		return setenv(ENV_STATS, path, 1);
	if (!getcwd(dir, sizeof(dir)))
		return -1;
	if (snprintf(absolute, sizeof(absolute), "%s/%s", dir, path) >=
	    (int)sizeof(absolute)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return setenv(ENV_STATS, absolute, 1);
}

static int set_environment(const struct request *r)
{
	char helper[PATH_MAX];

	if (find_helper(helper))
		return -1;
	if (setenv("LIBXL_SAVE_HELPER", helper, 1) ||
	    (r->engine && setenv(ENV_ENGINE, r->engine, 1)) ||
	    (r->cache && setenv(ENV_CACHE, r->cache, 1)) ||
	    (isatty(STDERR_FILENO) && setenv(ENV_PROGRESS, "1", 0))) {
		message("cannot set the environment: %s", strerror(errno));
		return -1;
	}
	if (r->stats && set_stats(r->stats)) {
		message("--stats %s: %s", r->stats, strerror(errno));
		return -1;
	}
	return 0;
}

/* Return: only on failure. */
static int run_xl(char **argv)
{
	execvp(argv[0], argv);
	if (errno == ENOENT)
		message("cannot find xl in PATH: it comes with Xen's tools");
	else
		message("cannot run xl: %s", strerror(errno));
	return EXIT_FAILED;
}

static int restore(struct request *r, int argc, char **argv)
{
	char xl[] = "xl", command[] = "restore";

	pass(r, xl);
	pass(r, command);
	if (parse(r, argc, argv))
		return EXIT_USAGE;
	if (r->help) {
		fputs(usage, stdout);
		return EXIT_OK;
	}
	if (check_request(r))
		return EXIT_USAGE;
	if (check_file(r->file) || check_host(r) || set_environment(r))
		return EXIT_FAILED;
	return run_xl(r->xl);
}

int cmd_restore(int argc, char **argv)
{
	struct request r = { 0 };
	int ret;

	/* "xl" and "restore" for argv[0], and the NULL. */
	r.xl = calloc((size_t)argc + 2, sizeof(*r.xl));
	if (!r.xl) {
		message("no memory");
		return EXIT_FAILED;
	}
	ret = restore(&r, argc, argv);
	free(r.xl);
	return ret;
}
