/* SPDX-License-Identifier: GPL-2.0 */
/* xl, with xen-thaw-helper as its save helper: for restore and save. */
#ifndef XEN_THAW_RUN_XL_H
#define XEN_THAW_RUN_XL_H

#include <stdbool.h>

struct command;

/**
 * struct xl_request - what a command line asks for
 * @command: the command; its name is xl's, too
 * @engine: value of --engine, or NULL
 * @threads: value of --threads, or NULL
 * @nr_threads: the same as a number, lowered where it is too high
 * @cache: value of --cache, or NULL
 * @stats: value of --stats, or NULL
 * @verify: --verify was given
 * @no_stream: --no-stream was given
 * @live: --live was given
 * @xl: arguments of xl: "xl", the command, and all that is not ours, with a NULL
 * @nr_xl: arguments in @xl
 * @operand: the last arguments that are no options; NULL if there are fewer
 * @nr_operands: arguments that are no options
 */
struct xl_request {
	const struct command *command;
	const char *engine;
	const char *threads;
	unsigned int nr_threads;
	const char *cache;
	const char *stats;
	bool verify;
	bool no_stream;
	bool live;
	char **xl;
	int nr_xl;
	char *operand[2];
	int nr_operands;
};

/**
 * xl_parse() - sort our options from those of xl
 * @r: @command is set; the rest is filled in, and xl_free() is due
 * @argc: of the command
 * @argv: of the command
 *
 * restore has all options but --live, save has --cache, --live and --stats. Their
 * values are checked.
 *
 * Return: GO_ON; or an exit code, after the help or a message was printed.
 */
int xl_parse(struct xl_request *r, int argc, char **argv);
void xl_free(struct xl_request *r);

/**
 * xl_replace_operand() - give xl another file in place of the last operand
 * @r: parsed
 * @arg: the file
 */
void xl_replace_operand(struct xl_request *r, char *arg);

/**
 * xl_prepare() - check the host, and set the environment as xl or libxl is to have it
 * @r: parsed
 * @doing: what needs dom0 and root, for messages
 *
 * Return: 0, or -1 after a message.
 */
int xl_prepare(struct xl_request *r, const char *doing);

/**
 * xl_run() - become xl
 * @r: parsed
 * @doing: what needs dom0 and root, for messages
 *
 * Return: EXIT_FAILED after a message, if it returns.
 */
int xl_run(struct xl_request *r, const char *doing);

#endif /* XEN_THAW_RUN_XL_H */
