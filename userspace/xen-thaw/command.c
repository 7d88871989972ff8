// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "env.h"
#include "message.h"
#include "progress.h"

int command_usage(const struct command *c)
{
	fprintf(stderr, "Try 'xen-thaw %s --help'.\n", c->name);
	return EXIT_USAGE;
}

static int check_operands(const struct command *c, int argc, char **argv,
			  const char * const *names)
{
	int i = optind;

	while (*names && i < argc) {
		names++;
		i++;
	}
	if (*names && (*names)[0] != '[')
		message("missing %s", *names);
	else if (i < argc)
		message("unexpected argument '%s'", argv[i]);
	else
		return GO_ON;
	return command_usage(c);
}

int command_parse(const struct command *c, int argc, char **argv,
		  const struct syntax *syntax, void *arg)
{
	int option;

	while ((option = getopt_long(argc, argv, syntax->letters,
				     syntax->options, NULL)) != -1) {
		switch (option) {
		case 'h':
			fputs(c->help, stdout);
			return EXIT_OK;
		case '?':
			return command_usage(c);
		default:
			syntax->take(arg, option);
		}
	}
	return check_operands(c, argc, argv, syntax->operands);
}

void command_show_progress(void)
{
	if (isatty(STDERR_FILENO))
		setenv(ENV_PROGRESS, "1", 0);
	progress_enable(env_progress());
}
