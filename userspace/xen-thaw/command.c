// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "env.h"
#include "message.h"

int command_usage(const struct command *c)
{
	fprintf(stderr, "Try 'xen-thaw %s --help'.\n", c->name);
	return EXIT_USAGE;
}

int command_option(const struct command *c, int argc, char **argv,
		   const char *letters, const struct option *options)
{
	int option = getopt_long(argc, argv, letters, options, NULL);

	switch (option) {
	case 'h':
		fputs(c->help, stdout);
		return OPTION_HELP;
	case '?':
		command_usage(c);
		return OPTION_ERROR;
	default:
		return option;
	}
}

int command_operands(const struct command *c, int argc, char **argv,
		     const char * const *names)
{
	for (; *names && optind < argc; names++)
		optind++;
	if (*names) {
		message("missing %s", *names);
		command_usage(c);
		return -1;
	}
	if (optind < argc) {
		message("unexpected argument '%s'", argv[optind]);
		command_usage(c);
		return -1;
	}
	return 0;
}

void command_show_progress(void)
{
	if (isatty(STDERR_FILENO))
		setenv(ENV_PROGRESS, "1", 0);
}
