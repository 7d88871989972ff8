/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XEN_THAW_NUMBER_H
#define XEN_THAW_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/**
 * number_parse() - read a number
 * @text: decimal
 * @max: the largest that is taken
 * @value: filled in
 *
 * Return: whether it is one.
 */
bool number_parse(const char *text, uint32_t max, uint32_t *value);

#endif /* XEN_THAW_NUMBER_H */
