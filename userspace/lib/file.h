/* SPDX-License-Identifier: GPL-2.0 */
/* Whether a file was changed, has holes, or is this program. */
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
 * This finds mistakes, not attacks: a program that can write the file can set its
 * mtime back. ctime is no better: links, owners and permissions change it, too.
 * A block device always counts as unchanged: udev sets the mtime of its node
 * whenever it looks at it.
 *
 * Return: false also if fstat() fails.
 */
bool file_is_unchanged(int fd, const struct stat *before);

/**
 * file_has_no_hole() - whether a file has blocks for every byte
 * @fd: the file
 *
 * Return: true if so; false if only seeking can tell, which takes 8 us a MiB in
 * tmpfs.
 */
bool file_has_no_hole(int fd);

/* The message for a new file if file_got_no_hole(); takes a uint64_t. */
#define NO_HOLES "its filesystem does not support holes: %" PRIu64 " pages of zeros take space"

/**
 * file_got_no_hole() - whether a filesystem stored zeros in place of holes
 * @fd: a new file with holes in it, all of it written; its offset moves
 *
 * Return: true if so; false also if the blocks and seeking disagree.
 */
bool file_got_no_hole(int fd);

/**
 * file_is_this_program() - whether a path leads to the running program
 * @path: links are followed
 *
 * Return: true if so; false also if there is no such file.
 */
bool file_is_this_program(const char *path);

#endif /* XEN_THAW_FILE_H */
