/* SPDX-License-Identifier: GPL-2.0 */
/* What xen-thaw doctor finds: lines, each about one thing that a restore needs. */
#ifndef XEN_THAW_DOCTOR_H
#define XEN_THAW_DOCTOR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Tests have another root. */
#ifndef DOCTOR_ROOT
#define DOCTOR_ROOT	""
#endif

#define DOCTOR_LINES	64

/**
 * enum doctor_state - what a line means
 * @DOCTOR_OK: as it should be
 * @DOCTOR_NOTE: a choice, or what cannot be seen
 * @DOCTOR_TODO: in the way of a fast restore, or of any
 */
enum doctor_state {
	DOCTOR_OK,
	DOCTOR_NOTE,
	DOCTOR_TODO,
};

/**
 * struct doctor_line - one thing that was looked at
 * @name: of the thing, a word
 * @state: what it means
 * @text: what was found
 * @advice: what to do; NULL if nothing
 */
struct doctor_line {
	const char *name;
	enum doctor_state state;
	char *text;
	char *advice;
};

/**
 * struct doctor - all lines; starts as zero
 * @stock: path of the stock helper, or NULL
 * @helper: path of ours, or empty
 * @nr: lines
 * @line: the lines, in order
 */
struct doctor {
	const char *stock;
	char helper[PATH_MAX];
	size_t nr;
	struct doctor_line line[DOCTOR_LINES];
};

/**
 * doctor_say() - add a line
 * @d: the lines
 * @name: as in struct doctor_line; stays the caller's
 * @state: as there
 * @fmt: of the text, as printf
 */
void doctor_say(struct doctor *d, const char *name, enum doctor_state state,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/**
 * doctor_advise() - set the advice of the last line
 * @d: the lines
 * @fmt: of the advice, as printf
 */
void doctor_advise(struct doctor *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * doctor_free() - release the memory of all lines
 * @d: the lines
 */
void doctor_free(struct doctor *d);

/**
 * doctor_read() - read a small file
 * @path: of the file
 * @text: its beginning, with a NUL, without a newline at its end
 * @size: of @text
 *
 * Return: bytes in @text, or -1 with errno set and @text empty.
 */
ssize_t doctor_read(const char *path, char *text, size_t size);

/**
 * doctor_output() - run a program, and read what it prints
 * @argv: of the program, which is looked for in PATH; no shell sees it
 *
 * Its standard error goes nowhere.
 *
 * Return: its output, for free(); NULL if it cannot be run or fails.
 */
char *doctor_output(const char * const argv[]);

/**
 * doctor_check_host() - look at Xen, at dom0 and at what is installed
 * @d: the lines
 */
void doctor_check_host(struct doctor *d);

/**
 * doctor_check_module() - look at the kernel module and its device
 * @d: the lines
 */
void doctor_check_module(struct doctor *d);

/**
 * doctor_check_users() - look at who runs our helper: xl, libvirt
 * @d: the lines
 */
void doctor_check_users(struct doctor *d);

/**
 * doctor_check_file() - whether a file would restore here
 * @d: the lines
 * @path: of the save file
 */
void doctor_check_file(struct doctor *d, const char *path);

struct info;

/**
 * doctor_check_devices() - look for the disks and bridges of a guest
 * @d: the lines
 * @config: of the guest, libxl's JSON
 */
void doctor_check_devices(struct doctor *d, const char *config);

/**
 * doctor_check_cpu() - compare the processor that a guest saw with ours
 * @d: the lines
 * @info: of its save file
 */
void doctor_check_cpu(struct doctor *d, const struct info *info);

#endif /* XEN_THAW_DOCTOR_H */
