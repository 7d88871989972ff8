/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XEN_THAW_RESTORE_VERIFY_H
#define XEN_THAW_RESTORE_VERIFY_H

#include <stdint.h>

/**
 * restore_verify() - check a file before it is restored
 * @fd: the file; its offset stays
 * @name: for messages
 * @start: offset of the libxc stream
 *
 * Return: 0 if the file is sound, else -1 after a message.
 */
int restore_verify(int fd, const char *name, uint64_t start);

#endif /* XEN_THAW_RESTORE_VERIFY_H */
