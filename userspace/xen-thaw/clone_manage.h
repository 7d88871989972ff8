/* SPDX-License-Identifier: GPL-2.0 */
/* Clones that were made before: what is known of them, and how they are ended. */
#ifndef XEN_THAW_CLONE_MANAGE_H
#define XEN_THAW_CLONE_MANAGE_H

#include <stdbool.h>

/**
 * clones_list() - print the clones of this host
 * @json: as JSON
 *
 * Return: an exit code.
 */
int clones_list(bool json);

/**
 * clones_clean() - remove what dead jobs left
 *
 * Clones that are not whole are destroyed. Those that are whole run on. What belongs to
 * a clone whose domain is gone is removed.
 *
 * Return: an exit code.
 */
int clones_clean(void);

/**
 * clones_destroy() - destroy clones, and wait until nothing of them is left
 * @pattern: of their names, as for the shell
 *
 * Return: an exit code.
 */
int clones_destroy(const char *pattern);

#endif /* XEN_THAW_CLONE_MANAGE_H */
