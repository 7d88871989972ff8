/* SPDX-License-Identifier: GPL-2.0 */
/* Device-mapper snapshots of a disk that stays as it is. */
#ifndef XEN_THAW_CLONE_SNAPSHOT_H
#define XEN_THAW_CLONE_SNAPSHOT_H

#include <limits.h>

/**
 * clone_snapshot_make() - make a device that reads from a base, and writes elsewhere
 * @name: of the device
 * @base: a file or a block device; never written to
 * @store: a new, empty file for what is written
 * @path: out: of the device
 *
 * Loop devices that it needs go with it.
 *
 * Return: 0, or -1 after a message; then nothing is left.
 */
int clone_snapshot_make(const char *name, const char *base, int store,
			char path[PATH_MAX]);

/**
 * clone_snapshot_remove() - remove such a device
 * @name: of the device; there need not be one
 *
 * Return: 0, or -1 after a message.
 */
int clone_snapshot_remove(const char *name);

#endif /* XEN_THAW_CLONE_SNAPSHOT_H */
