// SPDX-License-Identifier: GPL-2.0
/* xen-thaw save: xl save, with xen-thaw-helper as its save helper. */
#include "command.h"
#include "message.h"
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
	"  --stats FILE   append a line of JSON about the save\n"
	"  -h, --help     show this text\n"
	"  --             all arguments that follow are for xl\n"
	"\n"
	"All other options are passed to xl save (see its --help and xl(1)).\n"
	"The exit code is that of xl.\n";

static int save(struct xl_request *r, int argc, char **argv)
{
	int ret = xl_parse(r, argc, argv);

	if (ret != GO_ON)
		return ret;
	if (r->nr_operands < 2) {
		message("missing %s", r->nr_operands ? "FILE" : "DOMAIN");
		return command_usage(r->command);
	}
	return xl_run(r, "saving a guest");
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
