/* SPDX-License-Identifier: GPL-2.0 */
/* Whether a file is still what it was when its reading began. */
#ifndef XEN_THAW_FILE_H
#define XEN_THAW_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

/**
 * file_is_unchanged() - compare a file's size and mtime with those of before
 * @fd: the file
 * @before: what fstat() said of it before anything was read
 *
 * This finds mistakes: who may write the file may set its mtime back. ctime is
 * no better, as links, owners and permissions change it, too. Of a block device
 * nothing is compared: udev sets the node's mtime whenever it looks at it.
 *
 * Return: false also where fstat() fails.
 */
bool file_is_unchanged(int fd, const struct stat *before);

#endif /* XEN_THAW_FILE_H */
