// SPDX-License-Identifier: GPL-2.0
/* xen-thaw enable and disable: our helper in the place of Xen's, for all users of libxl. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "host.h"
#include "message.h"
#include "stock_path.h"

static const char enable_help[] =
	"usage: xen-thaw enable\n"
	"\n"
	"Puts xen-thaw-helper in the place of Xen's save helper, so that xl, libvirt and\n"
	"all else that uses libxl saves and restores through it, whatever its\n"
	"environment is. Xen's own helper stays beside it, as libxl-save-helper.stock.\n"
	"xen-thaw disable undoes that.\n"
	"\n"
	"  -h, --help  show this text\n"
	"\n"
	"Exit codes: 0 done, or there was nothing to do, 1 it failed, 2 wrong arguments.\n";

static const char disable_help[] =
	"usage: xen-thaw disable\n"
	"\n"
	"Puts Xen's save helper back in its place, which xen-thaw enable took.\n"
	"\n"
	"  -h, --help  show this text\n"
	"\n"
	"Exit codes: 0 done, or there was nothing to do, 1 it failed, 2 wrong arguments.\n";

/* Our helper and the script in absolute paths. Return: 0, or -1 after a message. */
static int find_ours(char helper[PATH_MAX], char script[PATH_MAX])
{
	if (host_find("xen-thaw-helper", X_OK, "install xen-thaw first",
		      helper) ||
	    host_find("xen-thaw-divert", X_OK, "install xen-thaw first",
		      script))
		return -1;
	return 0;
}

/* Becomes the script. Return: EXIT_FAILED after a message, if it returns. */
static int divert(const char *script, const char *action, const char *helper,
		  const glob_t *files)
{
	size_t nr = 0, i;
	char **argv;

	argv = calloc(files->gl_pathc + 4, sizeof(*argv));
	if (!argv) {
		message("no memory");
		return EXIT_FAILED;
	}
	argv[nr++] = (char *)"xen-thaw-divert";
	argv[nr++] = (char *)action;
	if (helper)
		argv[nr++] = (char *)helper;
	for (i = 0; i < files->gl_pathc; i++)
		argv[nr++] = files->gl_pathv[i];
	fflush(stdout);
	execv(script, argv);
	message("cannot run %s: %s", script, strerror(errno));
	free(argv);
	return EXIT_FAILED;
}

static int change(const struct command *c, bool enable)
{
	char helper[PATH_MAX], script[PATH_MAX];
	glob_t files;
	int ret;

	if (geteuid()) {
		message("xen-thaw %s must be done as root", c->name);
		return EXIT_FAILED;
	}
	if (find_ours(helper, script))
		return EXIT_FAILED;
	if (stock_list(&files)) {
		globfree(&files);
		if (!enable)
			return EXIT_OK;
		message("cannot find Xen's libxl-save-helper in any place where distributions or Xen's own build put it: install Xen's tools first");
		return EXIT_FAILED;
	}
	ret = divert(script, enable ? "install" : "uninstall",
		     enable ? helper : NULL, &files);
	globfree(&files);
	return ret;
}

static int parse(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	static const char * const operands[] = { NULL };
	static const struct syntax syntax = { "h", options, NULL, operands };

	return command_parse(c, argc, argv, &syntax, NULL);
}

static int run_enable(int argc, char **argv)
{
	int ret = parse(&command_enable, argc, argv);

	return ret == GO_ON ? change(&command_enable, true) : ret;
}

static int run_disable(int argc, char **argv)
{
	int ret = parse(&command_disable, argc, argv);

	return ret == GO_ON ? change(&command_disable, false) : ret;
}

const struct command command_enable = {
	.name = "enable",
	.summary = "make xl, libvirt and all others use xen-thaw-helper",
	.help = enable_help,
	.run = run_enable,
};

const struct command command_disable = {
	.name = "disable",
	.summary = "undo xen-thaw enable",
	.help = disable_help,
	.run = run_disable,
};
