/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XEN_THAW_LOOP_H
#define XEN_THAW_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * struct loop - a loop device that is being set up
 * @node: its path, "/dev/loopN"
 * @dev: its number
 */
struct loop {
	char node[32];
	dev_t dev;
};

/**
 * loop_find_free() - choose a loop device that is free now
 * @loop: out
 *
 * Another process may take it before loop_attach() does.
 *
 * Return: 0, or a negative errno.
 */
int loop_find_free(struct loop *loop);

/**
 * loop_attach() - make a file appear as the loop device
 * @loop: the device
 * @fd: the file
 * @path: its name, for those who list loop devices
 * @writable: whether the device may be written to
 *
 * Return: 0, or a negative errno. -EBUSY: somebody else was faster.
 */
int loop_attach(const struct loop *loop, int fd, const char *path,
		bool writable);

/**
 * loop_detach() - free a loop device, now or when its last user closes it
 * @node: its path
 *
 * Return: 0, or a negative errno. -ENXIO: nothing is attached to it.
 */
int loop_detach(const char *node);

/**
 * loop_is_attached_to() - whether a loop device shows this file
 * @node: path of the device
 * @path: path of the file, which may have been removed meanwhile
 */
bool loop_is_attached_to(const char *node, const char *path);

/**
 * loop_list_of() - list the loop devices that show a file
 * @dev: device of the file's filesystem
 * @ino: its inode
 * @n: out: number of devices
 *
 * Return: their numbers, to be freed; NULL if there is none. Ends the program
 * if they cannot be listed.
 */
dev_t *loop_list_of(dev_t dev, ino_t ino, size_t *n);

#endif /* XEN_THAW_LOOP_H */
