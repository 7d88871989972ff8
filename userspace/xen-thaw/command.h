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

extern const struct command command_clone;
extern const struct command command_clones;
extern const struct command command_disable;
extern const struct command command_doctor;
extern const struct command command_dump;
extern const struct command command_enable;
extern const struct command command_info;
extern const struct command command_pack;
extern const struct command command_restore;
extern const struct command command_save;
extern const struct command command_take;
extern const struct command command_verify;

/* What parsers return in place of an exit code: the command is to be done. */
#define GO_ON	(-1)

/**
 * struct syntax - the arguments of a command
 * @letters: short options, as for getopt_long(); -h among them
 * @options: long options, --help among them
 * @take: called for each option but help, with optarg set
 * @operands: what messages call the arguments besides the options, and a NULL; the last may
 *	be missing if it has brackets
 */
struct syntax {
	const char *letters;
	const struct option *options;
	void (*take)(void *arg, int option);
	const char * const *operands;
};

/**
 * command_parse() - take the options, and count the operands
 * @c: the command
 * @argc: of the command
 * @argv: of the command; the operands are its last members afterwards
 * @syntax: of the command
 * @arg: for @syntax->take
 *
 * Return: GO_ON; or an exit code, after the help or a message was printed.
 */
int command_parse(const struct command *c, int argc, char **argv,
		  const struct syntax *syntax, void *arg);

/**
 * command_usage() - end after a message about the arguments
 * @c: the command
 *
 * Return: EXIT_USAGE, after a line that says where the help is.
 */
int command_usage(const struct command *c);

/**
 * command_show_progress() - ask for a progress bar if there is a terminal
 */
void command_show_progress(void);

#endif /* XEN_THAW_COMMAND_H */
