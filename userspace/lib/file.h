/* SPDX-License-Identifier: GPL-2.0 */
/* What a file is like: whether it changed, and whether it has holes. */
#ifndef XEN_THAW_FILE_H
#define XEN_THAW_FILE_H

#include <inttypes.h>
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

/**
 * file_has_no_hole() - whether a file has blocks for every byte
 * @fd: the file
 *
 * Return: true if so; false where only seeking tells, which takes 8 us a MiB in
 * tmpfs.
 */
bool file_has_no_hole(int fd);

/* What to say of a new file that file_got_no_hole(); takes a uint64_t. */
#define NO_HOLES "its filesystem has no holes: %" PRIu64 " pages of zeros take room in it"

/**
 * file_got_no_hole() - whether a filesystem put zeros where none were written
 * @fd: a new file with holes in it, all of it written; its offset moves
 *
 * Return: true if so; false also where its blocks and seeking disagree.
 */
bool file_got_no_hole(int fd);

#endif /* XEN_THAW_FILE_H */
