/* SPDX-License-Identifier: GPL-2.0 */
/* What commands want of the machine that they run on. */
#ifndef XEN_THAW_HOST_H
#define XEN_THAW_HOST_H

#include <limits.h>

/**
 * host_check() - whether this is dom0, and we are root
 * @doing: what takes that, for the message
 *
 * Return: 0, or -1 after a message.
 */
int host_check(const char *doing);

/**
 * host_find() - find what is installed with this program
 * @name: of the file: beside the program, or in libexec
 * @mode: as for access()
 * @advice: what to do when it is not there, for the message
 * @path: out
 *
 * Return: 0, or -1 after a message.
 */
int host_find(const char *name, int mode, const char *advice,
	      char path[PATH_MAX]);

/**
 * host_find_helper() - find our helper, or the one that XEN_THAW_HELPER names
 * @path: out, absolute
 *
 * Return: 0, or -1 after a message.
 */
int host_find_helper(char path[PATH_MAX]);

#endif /* XEN_THAW_HOST_H */
