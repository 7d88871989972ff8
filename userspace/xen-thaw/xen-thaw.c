// SPDX-License-Identifier: GPL-2.0
/* xen-thaw: the command for people. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "message.h"

struct command {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
	{ "dump", "write the core of a guest, as xl dump-core does", cmd_dump },
	{ "info", "show what is in a save file", cmd_info },
	{ "pack", "write a save file anew, so that it restores fast", cmd_pack },
	{ "restore", "restore a guest from a save file, as xl restore does",
	  cmd_restore },
	{ "verify", "check a save file, and its checksums", cmd_verify },
};

#define NR_COMMANDS	(sizeof(commands) / sizeof(commands[0]))

static void print_usage(FILE *to)
{
	size_t i;

	fputs("usage: xen-thaw COMMAND [ARGUMENT]...\n"
	      "       xen-thaw --version\n"
	      "\n"
	      "Restores Xen guests fast from save files in the page cache.\n"
	      "\n",
	      to);
	for (i = 0; i < NR_COMMANDS; i++)
		fprintf(to, "  %-9s %s\n", commands[i].name,
			commands[i].summary);
	fputs("\nxen-thaw COMMAND --help says more.\n", to);
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 }
	};
	const struct command *command;
	int c;

	/* "+": the options behind the command are its own. */
	while ((c = getopt_long(argc, argv, "+hV", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			print_usage(stdout);
			return EXIT_OK;
		case 'V':
			printf("xen-thaw %s\n", XEN_THAW_VERSION_STRING);
			return EXIT_OK;
		default:
			print_usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind == argc) {
		print_usage(stderr);
		return EXIT_USAGE;
	}

	command = find_command(argv[optind]);
	if (!command) {
		message("%s: no such command; xen-thaw --help lists them",
			argv[optind]);
		return EXIT_USAGE;
	}
	argc -= optind;
	argv += optind;
	optind = 0;	/* starts getopt_long() anew */
	return command->run(argc, argv);
}
