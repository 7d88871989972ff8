/* SPDX-License-Identifier: GPL-2.0 */
/* How libxl calls its helper: descriptors that it inherits. */
#ifndef XEN_THAW_CALL_H
#define XEN_THAW_CALL_H

#include <stddef.h>

/**
 * call_file_name() - what messages call a descriptor: the file's path
 * @fd: the descriptor
 * @name: filled in; "descriptor N" where there is no path
 * @size: of @name
 */
void call_file_name(int fd, char *name, size_t size);

#endif /* XEN_THAW_CALL_H */
