// SPDX-License-Identifier: GPL-2.0
/* xen-thaw clone: many guests from one image. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "clone_front.h"
#include "clone_job.h"
#include "clone_manage.h"
#include "command.h"
#include "host.h"
#include "message.h"
#include "number.h"
#include "plugin.h"

/* Xen has about as many numbers of domains. */
#define COUNT_MAX	30000U

/* What a pool leaves to others: MiB. */
#define SPARE_DEFAULT	512U
#define SPARE_MAX	(1U << 24)

static const char help[] =
	"usage: xen-thaw clone [OPTION]... IMAGE\n"
	"       xen-thaw clone --ahead K [OPTION]... IMAGE\n"
	"       xen-thaw clone --destroy PATTERN\n"
	"\n"
	"Restores guests from one image of xl save, each with a name, a UUID and\n"
	"addresses of its own. A disk that the guest may write to becomes an overlay: the\n"
	"clone's own, and gone with it. A process stays to watch the clones, as that of\n"
	"xl does. xen-thaw clones lists them.\n"
	"\n"
	"      --count N        how many (default: 1)\n"
	"      --name PATTERN   their names; %d is a number that is free (default: the\n"
	"                       name of the image's guest, and -%d)\n"
	"      --config FILE    a configuration of xl instead of the one in IMAGE\n"
	"      --paused         do not let them run\n"
	"      --parallel K     so many at the same time (default: processors of dom0)\n"
	"      --cache HOW      what stays of IMAGE in the page cache: keep, drop, auto\n"
	"      --verify         verify IMAGE first\n"
	"  -j, --json           print a line of JSON for each clone\n"
	"      --ahead K        a pool: keep K clones ready, paused, for xen-thaw take\n"
	"      --spare MIB      memory of Xen that a pool leaves free (default: 512)\n"
	"      --destroy PATTERN\n"
	"                       destroy the clones whose names match, as in the shell\n"
	"  -h, --help           show this text\n"
	"\n"
	"Exit codes: 0 all were made, 1 some were not, 2 wrong arguments.\n";

struct request {
	struct clone_options options;
	const char *count;
	const char *parallel;
	const char *ahead;
	const char *spare;
	const char *config;
	const char *cache;
	const char *destroy;
	bool verify;
	bool json;
};

static void take(void *arg, int option)
{
	struct request *r = arg;

	switch (option) {
	case 'a':
		r->ahead = optarg;
		break;
	case 's':
		r->spare = optarg;
		break;
	case 'n':
		r->count = optarg;
		break;
	case 'N':
		r->options.pattern = optarg;
		break;
	case 'c':
		r->config = optarg;
		break;
	case 'p':
		r->options.paused = true;
		break;
	case 'P':
		r->parallel = optarg;
		break;
	case 'C':
		r->cache = optarg;
		break;
	case 'V':
		r->verify = true;
		break;
	case 'j':
		r->json = true;
		break;
	case 'D':
		r->destroy = optarg;
		break;
	}
}

static int parse_number(const char *option, const char *value, unsigned int max,
			unsigned int *number)
{
	if (number_parse(value, max, number) && *number)
		return 0;
	message("%s %s: use a number from 1 to %u", option, value, max);
	return -1;
}

static int check_pattern(const struct clone_options *o)
{
	const char *wrong = o->pattern ? clone_name_check(o->pattern) : NULL;

	if (!wrong && o->pattern && (o->count > 1 || o->ahead) &&
	    !clone_name_has_number(o->pattern))
		wrong = "more than one clone needs %d in it, for a number";
	if (!wrong)
		return 0;
	message("--name %s: %s", o->pattern, wrong);
	return -1;
}

static int check(struct request *r, enum cache_mode *cache)
{
	struct clone_options *o = &r->options;
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	o->count = 1;
	o->parallel = cpus > 1 ? (unsigned int)cpus : 1;
	o->spare_mib = SPARE_DEFAULT;
	if (r->ahead && (r->count || o->paused)) {
		message("--ahead: a pool has neither --count nor --paused");
		return -1;
	}
	if ((r->count && parse_number("--count", r->count, COUNT_MAX, &o->count)) ||
	    (r->parallel && parse_number("--parallel", r->parallel, COUNT_MAX, &o->parallel)) ||
	    (r->ahead && parse_number("--ahead", r->ahead, COUNT_MAX, &o->ahead)) ||
	    (r->spare && parse_number("--spare", r->spare, SPARE_MAX, &o->spare_mib)))
		return -1;
	if (o->ahead)
		o->count = o->ahead;
	if ((r->cache ? env_parse_cache("--cache ", r->cache, cache) : env_get_cache(cache)) ||
	    check_pattern(o))
		return -1;
	return 0;
}

/* The image's guest may run still: so its name alone will not do. */
static int default_pattern(struct clone_options *o, const struct clone_config *c)
{
	static char pattern[2 * CLONE_NAME_MAX];

	if (o->pattern)
		return 0;
	snprintf(pattern, sizeof(pattern), "%.*s-%%d", CLONE_NAME_MAX, c->name ? c->name : "clone");
	o->pattern = pattern;
	return check_pattern(o);
}

static int run_job(struct clone_job *job, const struct request *r)
{
	int report;
	pid_t pid;

	job->xen = plugin_load("xen-thaw-clone.so", "clone_xen");
	if (!job->xen)
		return EXIT_FAILED;
	pid = clone_job_start(job, &report);
	if (pid < 0)
		return EXIT_FAILED;
	clone_front_catch(pid);
	return clone_front(pid, report, r->json, job->options->count, job->image->pages);
}

static int clone(struct request *r, const char *path, enum cache_mode cache)
{
	struct clone_image image;
	struct clone_config config = { 0 };
	struct clone_job job = {
		.options = &r->options,
		.image = &image,
		.config = &config,
		.began = clock_now(),
		.number = 1,
	};
	int ret = EXIT_FAILED;

	if (host_check("cloning a guest"))
		return EXIT_FAILED;
	command_show_progress();
	if (clone_image_open(&image, path, r->config, r->verify, cache))
		goto out;
	if (clone_config_parse(&config, image.config, r->options.count > 1 || r->options.ahead)) {
		message("%s: %s", path, config.error);
		goto out;
	}
	if (config.emulated_nic)
		message("%s: an emulated interface keeps the address that it has in the image; only the guest's Xen driver sees the new one",
			path);
	if (!default_pattern(&r->options, &config))
		ret = run_job(&job, r);
out:
	clone_config_free(&config);
	clone_image_free(&image);
	return ret;
}

static bool wants_destroy(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strncmp(argv[i], "--destroy", strlen("--destroy")))
			return true;
	return false;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "ahead", required_argument, NULL, 'a' },
		{ "cache", required_argument, NULL, 'C' },
		{ "config", required_argument, NULL, 'c' },
		{ "count", required_argument, NULL, 'n' },
		{ "destroy", required_argument, NULL, 'D' },
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "name", required_argument, NULL, 'N' },
		{ "parallel", required_argument, NULL, 'P' },
		{ "paused", no_argument, NULL, 'p' },
		{ "spare", required_argument, NULL, 's' },
		{ "verify", no_argument, NULL, 'V' },
		{ 0 }
	};
	static const char * const image[] = { "IMAGE", NULL };
	static const char * const none[] = { NULL };
	const struct syntax syntax = {
		"hj", options, take, wants_destroy(argc, argv) ? none : image
	};
	struct request r = { 0 };
	enum cache_mode cache;
	int ret = command_parse(&command_clone, argc, argv, &syntax, &r);

	if (ret != GO_ON)
		return ret;
	if (r.destroy)
		return clones_destroy(r.destroy);
	if (check(&r, &cache))
		return command_usage(&command_clone);
	return clone(&r, argv[argc - 1], cache);
}

const struct command command_clone = {
	.name = "clone",
	.summary = "restore many guests from one image",
	.help = help,
	.run = run,
};
