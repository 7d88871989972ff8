// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "env.h"
#include "host.h"
#include "message.h"
#include "run_xl.h"
#include "xen_thaw.h"

/* Tests have another. */
#ifndef THAW_DEVICE
#define THAW_DEVICE	XEN_THAW_DEVICE
#endif

static const struct option restore_options[] = {
	{ "engine", required_argument, NULL, 'E' },
	{ "threads", required_argument, NULL, 'T' },
	{ "cache", required_argument, NULL, 'C' },
	{ "verify", no_argument, NULL, 'V' },
	{ "no-stream", no_argument, NULL, 'N' },
	{ "stats", required_argument, NULL, 'S' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

static const struct option save_options[] = {
	{ "cache", required_argument, NULL, 'C' },
	{ "live", no_argument, NULL, 'L' },
	{ "stats", required_argument, NULL, 'S' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

static void pass(struct xl_request *r, char *arg)
{
	r->xl[r->nr_xl++] = arg;
}

static void pass_operand(struct xl_request *r, char *arg)
{
	r->operand[0] = r->operand[1];
	r->operand[1] = arg;
	r->nr_operands++;
	pass(r, arg);
}

static int take_option(struct xl_request *r, int option)
{
	switch (option) {
	case 'E':
		r->engine = optarg;
		break;
	case 'T':
		r->threads = optarg;
		break;
	case 'C':
		r->cache = optarg;
		break;
	case 'V':
		r->verify = true;
		break;
	case 'N':
		r->no_stream = true;
		break;
	case 'S':
		r->stats = optarg;
		break;
	case 'L':
		r->live = true;
		break;
	default:
		return -1;
	}
	return 0;
}

/*
 * Ours have long names, and -h; all others are xl's. None of those takes an
 * argument, neither of xl restore nor of xl save (xl_saverestore.c).
 */
static int sort_arguments(struct xl_request *r, int argc, char **argv,
			  const struct option *options)
{
	int c, at;

	opterr = 0;
	/* "-": what is no option comes in its place, as the option 1. */
	while (at = optind ? optind : 1,
	       (c = getopt_long(argc, argv, "-:h", options, NULL)) != -1) {
		if (c == 'h') {
			fputs(r->command->help, stdout);
			return EXIT_OK;
		}
		if (c == ':') {
			message("option '%s' requires an argument", argv[at]);
			return command_usage(r->command);
		}
		if (c == 1)
			pass_operand(r, optarg);
		/* xl's: once for all letters of a cluster, with the last. */
		else if (take_option(r, c) && optind > at)
			pass(r, argv[at]);
	}
	for (; optind < argc; optind++)
		pass_operand(r, argv[optind]);
	return GO_ON;
}

static int check_values(struct xl_request *r)
{
	enum engine_choice engine;
	enum cache_mode mode;

	if ((r->engine && env_parse_engine("--engine ", r->engine, &engine)) ||
	    (r->threads &&
	     env_parse_threads("--threads ", r->threads, &r->nr_threads)) ||
	    (r->cache && env_parse_cache("--cache ", r->cache, &mode)))
		return command_usage(r->command);
	return GO_ON;
}

int xl_parse(struct xl_request *r, int argc, char **argv)
{
	int ret;

	/* "xl" and the command for argv[0], and the NULL. */
	r->xl = calloc((size_t)argc + 2, sizeof(*r->xl));
	if (!r->xl) {
		message("no memory");
		return EXIT_FAILED;
	}
	pass(r, (char *)"xl");
	pass(r, (char *)r->command->name);
	ret = sort_arguments(r, argc, argv, r->command == &command_save ?
			     save_options : restore_options);
	return ret == GO_ON ? check_values(r) : ret;
}

void xl_free(struct xl_request *r)
{
	free(r->xl);
	r->xl = NULL;
}

static int check_host(const struct xl_request *r, const char *doing)
{
	if (host_check(doing))
		return -1;
	if (r->engine && !strcmp(r->engine, "module") &&
	    access(THAW_DEVICE, F_OK)) {
		message("%s: %s: the module is not loaded: modprobe xen_thaw",
			THAW_DEVICE, strerror(errno));
		return -1;
	}
	return 0;
}

/* xl may change to another directory before the helper runs. */
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

static int set_environment(const struct xl_request *r)
{
	char helper[PATH_MAX], threads[16];

	if (host_find_helper(helper))
		return -1;
	snprintf(threads, sizeof(threads), "%u", r->nr_threads);
	command_show_progress();
	if (setenv(ENV_LIBXL_HELPER, helper, 1) ||
	    (r->engine && setenv(ENV_ENGINE, r->engine, 1)) ||
	    (r->threads && setenv(ENV_THREADS, threads, 1)) ||
	    (r->cache && setenv(ENV_CACHE, r->cache, 1)) ||
	    (r->verify && setenv(ENV_VERIFY, "1", 1)) ||
	    (r->no_stream && setenv(ENV_STREAM, "0", 1))) {
		message("cannot set the environment: %s", strerror(errno));
		return -1;
	}
	if (r->stats && set_stats(r->stats)) {
		message("--stats %s: %s", r->stats, strerror(errno));
		return -1;
	}
	return 0;
}

void xl_replace_operand(struct xl_request *r, char *arg)
{
	int i;

	for (i = 0; i < r->nr_xl; i++)
		if (r->xl[i] == r->operand[1])
			r->xl[i] = arg;
	r->operand[1] = arg;
}

int xl_prepare(struct xl_request *r, const char *doing)
{
	return check_host(r, doing) || set_environment(r) ? -1 : 0;
}

int xl_run(struct xl_request *r, const char *doing)
{
	if (xl_prepare(r, doing))
		return EXIT_FAILED;
	execvp(r->xl[0], r->xl);
	if (errno == ENOENT)
		message("cannot find xl in PATH: it comes with Xen's tools");
	else
		message("cannot run xl: %s", strerror(errno));
	return EXIT_FAILED;
}
