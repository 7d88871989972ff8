// SPDX-License-Identifier: GPL-2.0
/* xen-thaw save: xl save, with xen-thaw-helper as its save helper; or a live save. */
#include <string.h>

#include "command.h"
#include "live.h"
#include "message.h"
#include "plugin.h"
#include "run_xl.h"

static const char help[] =
	"usage: xen-thaw save [OPTION]... [XL-OPTION]... DOMAIN FILE [CONFIG]\n"
	"\n"
	"Saves a guest as xl save does, but packed: FILE restores faster and takes less\n"
	"space. xl restore takes FILE like any other.\n"
	"\n"
	"  --cache HOW    what stays of FILE in the page cache: keep (all of it), drop\n"
	"                 (nothing), or auto: drop what exceeds half of the memory\n"
	"                 that is available\n"
	"  --live         let the guest run while it is saved; it is frozen only for\n"
	"                 what it wrote last\n"
	"  --stats FILE   append a line of JSON about the save\n"
	"  -h, --help     show this text\n"
	"  --             all arguments that follow are for xl\n"
	"\n"
	"All other options are passed to xl save (see its --help and xl(1)). --live does\n"
	"without xl, and has three of them: -c, the guest goes on; -p, it stays, paused;\n"
	"-D, it gets the same number again. With neither -c nor -p it is destroyed.\n"
	"The exit code is that of xl; with --live 0, or 1 when the guest was not saved.\n";

/* The letters of an option of xl save. */
static int take_letters(struct live_job *job, const char *letters)
{
	for (; *letters; letters++) {
		switch (*letters) {
		case 'c':
			job->go_on = true;
			break;
		case 'p':
			job->pause = true;
			break;
		case 'D':
			job->keep_domid = true;
			break;
		default:
			return -1;
		}
	}
	return 0;
}

/* What was left for xl: its options, and up to three operands. */
static int take_arguments(const struct xl_request *r, struct live_job *job)
{
	const char **operands[] = { &job->domain, &job->out, &job->config };
	int i, nr = 0;

	for (i = 2; i < r->nr_xl; i++) {
		const char *arg = r->xl[i];

		if (arg[0] == '-' && arg[1]) {
			if (!take_letters(job, arg + 1))
				continue;
			message("--live and %s: only -c, -p and -D go with it", arg);
			return command_usage(r->command);
		}
		if (nr == 3) {
			message("unexpected argument '%s'", arg);
			return command_usage(r->command);
		}
		*operands[nr++] = arg;
	}
	return GO_ON;
}

static int save_live(struct xl_request *r)
{
	struct live_job job = { .stats = r->stats };
	int ret = take_arguments(r, &job);

	if (ret != GO_ON)
		return ret;
	if (r->cache ? env_parse_cache("--cache ", r->cache, &job.cache) :
		       env_get_cache(&job.cache))
		return command_usage(r->command);
	if (xl_prepare(r, "saving a guest"))
		return EXIT_FAILED;
	job.xen = plugin_load("xen-thaw-save.so", "save_xen");
	if (!job.xen)
		return EXIT_FAILED;
	return live_save(&job) ? EXIT_FAILED : EXIT_OK;
}

static int save(struct xl_request *r, int argc, char **argv)
{
	int ret = xl_parse(r, argc, argv);

	if (ret != GO_ON)
		return ret;
	if (r->nr_operands < 2) {
		message("missing %s", r->nr_operands ? "FILE" : "DOMAIN");
		return command_usage(r->command);
	}
	return r->live ? save_live(r) : xl_run(r, "saving a guest");
}

static int run(int argc, char **argv)
{
	struct xl_request r = { .command = &command_save };
	int ret = save(&r, argc, argv);

	xl_free(&r);
	return ret;
}

const struct command command_save = {
	.name = "save",
	.summary = "save a guest into a packed file, as xl save does",
	.help = help,
	.run = run,
};
