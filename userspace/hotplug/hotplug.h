/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of xen-thaw-hotplug share. It runs once for each device, and
 * ends: the functions that end it do not return, and the kernel frees what is
 * left. docs/hotplug.md has the contract.
 */
#ifndef XEN_THAW_HOTPLUG_H
#define XEN_THAW_HOTPLUG_H

#include <stdbool.h>

/**
 * struct hotplug - a call by libxl
 * @argv: the arguments; argv[0] is the path of the script that libxl called
 * @name: the script that we stand in for: "block" or "vif-bridge"
 * @command: the first argument without a "=": "add", "remove", ...
 */
struct hotplug {
	char **argv;
	const char *name;
	const char *command;
};

/**
 * block_script() - do what Xen's script "block" does
 * @call: add or remove
 *
 * Does not return if the call failed, or belongs to the stock script.
 */
void block_script(const struct hotplug *call);

/**
 * vif_script() - do what Xen's script "vif-bridge" does
 * @call: online, offline, add or remove
 *
 * Does not return if the call failed, or belongs to the stock script.
 */
void vif_script(const struct hotplug *call);

/**
 * beside_script() - make the path of a file in the directory of Xen's scripts
 * @call: its argv[0] is a script in there
 * @name: of the file
 * @suffix: to be appended to the name
 *
 * Return: the path; the caller frees it.
 */
char *beside_script(const struct hotplug *call, const char *name,
		    const char *suffix);

/**
 * hand_over() - become the stock script
 * @call: what it gets
 * @fmt: why; shown with XEN_THAW_DEBUG=1
 *
 * To be called before the first effect only. Locks are released.
 */
void hand_over(const struct hotplug *call, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

/**
 * fatal() - report an error to libxl, and end
 * @fmt: becomes hotplug-error, which xl prints; hotplug-status is "error"
 */
void fatal(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

/**
 * busy() - as fatal(), for a disk that is in use: hotplug-status is "busy"
 * @fmt: as for fatal()
 */
void busy(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

/**
 * note() - write a line to the system's log, with priority debug
 * @fmt: the line; XEN_THAW_DEBUG=1 shows it on stderr, too
 */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* XEN_THAW_HOTPLUG_H */
