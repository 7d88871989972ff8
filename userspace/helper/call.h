/* SPDX-License-Identifier: GPL-2.0 */
/* How libxl calls its helper: numbers, and descriptors that it inherits. */
#ifndef XEN_THAW_CALL_H
#define XEN_THAW_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * call_number() - read a number
 * @text: decimal
 * @max: the largest that is taken
 * @value: filled in
 *
 * Return: whether it is one.
 */
bool call_number(const char *text, uint32_t max, uint32_t *value);

/**
 * call_file_name() - what messages call a descriptor: the file's path
 * @fd: the descriptor
 * @name: filled in; "descriptor N" where there is no path
 * @size: of @name
 */
void call_file_name(int fd, char *name, size_t size);

#endif /* XEN_THAW_CALL_H */
