/* SPDX-License-Identifier: GPL-2.0 */
/* Where Xen's libxl-save-helper is, and whether ours is in its place. */
#ifndef XEN_THAW_STOCK_PATH_H
#define XEN_THAW_STOCK_PATH_H

#include <glob.h>
#include <stdbool.h>

/**
 * stock_find() - path of the stock helper
 *
 * XEN_THAW_STOCK_HELPER, else one in the places where distributions and Xen's own
 * build install it: that of the running Xen first. Where our helper has been put in its
 * place, it is the file beside ours.
 *
 * Return: a path that the caller does not free, or NULL after a message.
 */
const char *stock_find(void);

/**
 * stock_list() - all files that libxl may run as its helper
 * @list: filled in, for globfree(): paths of libxl-save-helper, by version of Xen
 *
 * Return: 0, or -1 if there is none.
 */
int stock_list(glob_t *list);

/**
 * stock_is_replaced() - whether our helper is in the place of a file
 * @path: where libxl looks for its helper
 *
 * Return: true for a link to a file of the name xen-thaw-helper.
 */
bool stock_is_replaced(const char *path);

/**
 * stock_xen_version() - a number in the version of the running Xen
 * @what: "major" or "minor"
 *
 * Return: the number, or -1 if this is no Xen.
 */
int stock_xen_version(const char *what);

#endif /* XEN_THAW_STOCK_PATH_H */
