// SPDX-License-Identifier: GPL-2.0
/* xen-thaw dump: the core of a guest. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "env.h"
#include "command.h"
#include "dump.h"
#include "host.h"
#include "plugin.h"

static const char help[] =
	"usage: xen-thaw dump [OPTION]... DOMAIN FILE\n"
	"\n"
	"Writes the core of a guest to FILE, as xl dump-core does, but zero pages\n"
	"become holes, and FILE does not fill the page cache. DOMAIN is a number or a\n"
	"name. The guest is paused until the dump is done.\n"
	"\n"
	"      --cache HOW   keep: leave FILE in the page cache; drop, auto: do not\n"
	"  -f, --force       replace FILE if it exists\n"
	"  -h, --help        show this text\n"
	"\n"
	"Exit codes: 0 done, 1 it failed and there is no new FILE (unless the message\n"
	"says so), 2 wrong arguments.\n";

static int dump(struct dump_job *job)
{
	if (host_check("dumping a guest"))
		return EXIT_FAILED;
	job->xen = plugin_load("xen-thaw-dump.so", "dump_xen");
	if (!job->xen)
		return EXIT_FAILED;
	command_show_progress();
	/* A limit on the size of files is an error like any other. */
	signal(SIGXFSZ, SIG_IGN);
	return dump_guest(job) ? EXIT_FAILED : EXIT_OK;
}

struct request {
	const char *cache;
	bool force;
};

static void take(void *arg, int option)
{
	struct request *r = arg;

	if (option == 'C')
		r->cache = optarg;
	else
		r->force = true;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "cache", required_argument, NULL, 'C' },
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	static const char * const operands[] = { "DOMAIN", "FILE", NULL };
	static const struct syntax syntax = { "fh", options, take, operands };
	struct request r = { 0 };
	struct dump_job job = { 0 };
	int ret = command_parse(&command_dump, argc, argv, &syntax, &r);

	if (ret != GO_ON)
		return ret;
	if (r.cache ? env_parse_cache("--cache ", r.cache, &job.cache) :
		      env_get_cache(&job.cache))
		return command_usage(&command_dump);
	job.domain = argv[argc - 2];
	job.out = argv[argc - 1];
	job.force = r.force;
	return dump(&job);
}

const struct command command_dump = {
	.name = "dump",
	.summary = "write the core of a guest, as xl dump-core does",
	.help = help,
	.run = run,
};
