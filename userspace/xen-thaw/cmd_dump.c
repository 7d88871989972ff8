// SPDX-License-Identifier: GPL-2.0
/* xen-thaw dump: the core of a guest. */
#include <dlfcn.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "env.h"
#include "command.h"
#include "dump.h"
#include "host.h"
#include "message.h"

static const char usage[] =
	"usage: xen-thaw dump [OPTION]... DOMAIN FILE\n"
	"\n"
	"Writes the core of a guest, given by number or name, as xl dump-core does:\n"
	"zero pages as holes, and past the page cache. The guest is paused meanwhile.\n"
	"\n"
	"      --cache MODE  keep: leave FILE in the page cache; drop, auto: do not\n"
	"  -f, --force       replace FILE if it is there\n"
	"  -h, --help        show this text\n"
	"\n"
	"Exit codes: 0 done; 1 it failed, and FILE is as before unless the message says\n"
	"otherwise; 2 usage.\n";

/* Stays loaded until the end. Return: NULL after a message. */
static const struct dump_xen *load_xen(void)
{
	char path[PATH_MAX];
	const void *xen;
	void *object;

	if (host_find("xen-thaw-dump.so", R_OK,
		      "build and install xen-thaw anew", path))
		return NULL;
	object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	xen = object ? dlsym(object, "dump_xen") : NULL;
	if (!xen)
		message("cannot load %s: build and install xen-thaw anew, for the Xen that is here: %s",
			path, dlerror());
	return xen;
}

static int dump(struct dump_job *job)
{
	if (host_check("dumping a guest"))
		return EXIT_FAILED;
	job->xen = load_xen();
	if (!job->xen)
		return EXIT_FAILED;
	if (isatty(STDERR_FILENO))
		setenv(ENV_PROGRESS, "1", 0);
	/* A limit on the size of files is an error like any other. */
	signal(SIGXFSZ, SIG_IGN);
	return dump_guest(job) ? EXIT_FAILED : EXIT_OK;
}

int cmd_dump(int argc, char **argv)
{
	static const struct option options[] = {
		{ "cache", required_argument, NULL, 'C' },
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct dump_job job = { 0 };
	int c;

	if (env_get_cache(&job.cache))
		return EXIT_USAGE;
	while ((c = getopt_long(argc, argv, "fh", options, NULL)) != -1) {
		switch (c) {
		case 'C':
			if (env_parse_cache("--cache ", optarg, &job.cache))
				return EXIT_USAGE;
			break;
		case 'f':
			job.force = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_OK;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind != argc - 2) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	job.domain = argv[optind];
	job.out = argv[optind + 1];
	return dump(&job);
}
