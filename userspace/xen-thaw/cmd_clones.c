// SPDX-License-Identifier: GPL-2.0
/* xen-thaw clones: the clones of this host. */
#include <stdbool.h>
#include <stddef.h>

#include "clone_manage.h"
#include "command.h"

static const char help[] =
	"usage: xen-thaw clones [OPTION]...\n"
	"\n"
	"Lists the clones that xen-thaw clone made.\n"
	"\n"
	"      --clean  remove what killed jobs left: clones that are not whole, and\n"
	"               overlays of clones that are gone. Whole clones run on\n"
	"  -j, --json   print JSON\n"
	"  -h, --help   show this text\n"
	"\n"
	"A clone without a monitor runs, but nobody acts when it shuts down, and its\n"
	"overlays stay until --clean, or xen-thaw clone --destroy.\n"
	"\n"
	"Exit codes: 0 done, 1 it failed, 2 wrong arguments.\n";

struct request {
	bool clean;
	bool json;
};

static void take(void *arg, int option)
{
	struct request *r = arg;

	if (option == 'c')
		r->clean = true;
	else
		r->json = true;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "clean", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 }
	};
	static const char * const operands[] = { NULL };
	static const struct syntax syntax = { "hj", options, take, operands };
	struct request r = { 0 };
	int ret = command_parse(&command_clones, argc, argv, &syntax, &r);

	if (ret != GO_ON)
		return ret;
	return r.clean ? clones_clean() : clones_list(r.json);
}

const struct command command_clones = {
	.name = "clones",
	.summary = "list clones, or remove what is left of them",
	.help = help,
	.run = run,
};
