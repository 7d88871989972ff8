// SPDX-License-Identifier: GPL-2.0
/* xen-thaw: the command for people. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "message.h"

static const struct command * const commands[] = {
	&command_clone,
	&command_clones,
	&command_disable,
	&command_doctor,
	&command_dump,
	&command_enable,
	&command_info,
	&command_pack,
	&command_restore,
	&command_save,
	&command_take,
	&command_verify,
};

#define NR_COMMANDS	(sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
	size_t i;

	puts("usage: xen-thaw COMMAND [ARGUMENT]...\n"
	     "       xen-thaw help [COMMAND]\n"
	     "       xen-thaw --version\n"
	     "\n"
	     "Restores Xen guests fast from save files in the page cache.\n");
	for (i = 0; i < NR_COMMANDS; i++)
		printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
	puts("\nxen-thaw COMMAND --help says more.");
}

static int say_try_help(void)
{
	fputs("Try 'xen-thaw --help'.\n", stderr);
	return EXIT_USAGE;
}

/* Return: NULL after a message. */
static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++) {
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	}
	message("no such command: '%s'", name);
	return NULL;
}

static int help(int argc, char **argv)
{
	const struct command *command;

	if (argc > 2) {
		message("unexpected argument '%s'", argv[2]);
		return say_try_help();
	}
	if (argc < 2) {
		print_help();
		return EXIT_OK;
	}
	command = find_command(argv[1]);
	if (!command)
		return say_try_help();
	fputs(command->help, stdout);
	return EXIT_OK;
}

static int run_command(int argc, char **argv)
{
	static char name[32];
	const struct command *command;

	if (!strcmp(argv[0], "help"))
		return help(argc, argv);
	command = find_command(argv[0]);
	if (!command)
		return say_try_help();
	snprintf(name, sizeof(name), "xen-thaw %s", command->name);
	argv[0] = name;
	optind = 0;	/* starts getopt_long() anew */
	return command->run(argc, argv);
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 }
	};
	char name[] = "xen-thaw";
	int c;

	/* What getopt_long() calls us. */
	argv[0] = name;
	/* "+": the options behind the command are its own. */
	while ((c = getopt_long(argc, argv, "+hV", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			print_help();
			return EXIT_OK;
		case 'V':
			printf("xen-thaw %s\n", XEN_THAW_VERSION_STRING);
			return EXIT_OK;
		default:
			return say_try_help();
		}
	}
	if (optind == argc) {
		message("missing COMMAND");
		return say_try_help();
	}
	return run_command(argc - optind, argv + optind);
}

int main(int argc, char **argv)
{
	int ret = run(argc, argv);

	/* What could not be printed is no success. */
	if (!fflush(stdout) && !ferror(stdout))
		return ret;
	message("cannot write to standard output: %s", strerror(errno));
	return ret ? ret : EXIT_FAILED;
}
