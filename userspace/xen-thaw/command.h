/* SPDX-License-Identifier: GPL-2.0 */
/* The subcommands of xen-thaw: one file each. */
#ifndef XEN_THAW_COMMAND_H
#define XEN_THAW_COMMAND_H

/* Exit codes. xen-thaw restore ends with that of xl. */
enum exit_code {
	EXIT_OK		= 0,
	EXIT_FAILED	= 1,	/* or the file is damaged */
	EXIT_USAGE	= 2,
};

/*
 * argv[0] is the subcommand's name.
 * Return: an exit code.
 */
int cmd_dump(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_pack(int argc, char **argv);
int cmd_restore(int argc, char **argv);
int cmd_verify(int argc, char **argv);

#endif /* XEN_THAW_COMMAND_H */
