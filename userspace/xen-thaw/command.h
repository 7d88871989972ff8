/* SPDX-License-Identifier: GPL-2.0 */
/* The subcommands of xen-thaw, one file each, and what they have in common. */
#ifndef XEN_THAW_COMMAND_H
#define XEN_THAW_COMMAND_H

#include <getopt.h>

/* Exit codes. restore and save end with that of xl. */
enum exit_code {
	EXIT_OK		= 0,
	EXIT_FAILED	= 1,	/* or the file is damaged */
	EXIT_USAGE	= 2,
};

/**
 * struct command - a subcommand
 * @name: of the subcommand
 * @summary: what it does, for the list of commands
 * @help: all that --help says
 * @run: does it; argv[0] is what the C library calls the program in messages.
 *	Returns an exit code
 */
struct command {
	const char *name;
	const char *summary;
	const char *help;
	int (*run)(int argc, char **argv);
};

extern const struct command command_dump;
extern const struct command command_info;
extern const struct command command_pack;
extern const struct command command_restore;
extern const struct command command_save;
extern const struct command command_verify;

/* What command_option() returns when the command is to end. */
enum {
	OPTION_HELP	= -2,
	OPTION_ERROR	= -3,
};

/**
 * command_option() - the next option, as getopt_long()
 * @c: the command
 * @argc: of the command
 * @argv: of the command
 * @letters: short options; -h is added
 * @options: long options, with --help
 *
 * Return: the option; -1 behind the last one; OPTION_HELP after the help was
 * printed; OPTION_ERROR after a message.
 */
int command_option(const struct command *c, int argc, char **argv,
		   const char *letters, const struct option *options);

/**
 * command_operands() - check how many arguments there are besides the options
 * @c: the command
 * @argc: of the command, after the last command_option()
 * @argv: of the command
 * @names: what the operands are called, and a NULL
 *
 * Return: 0, or -1 after a message.
 */
int command_operands(const struct command *c, int argc, char **argv,
		     const char * const *names);

/**
 * command_usage() - end after a message about the arguments
 * @c: the command
 *
 * Return: EXIT_USAGE, after a line that says where the help is.
 */
int command_usage(const struct command *c);

/* command_show_progress() - ask for a progress bar if there is a terminal */
void command_show_progress(void);

#endif /* XEN_THAW_COMMAND_H */
