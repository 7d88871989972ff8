/* SPDX-License-Identifier: GPL-2.0 */
/* Whether two save files restore to the same guest. */
#ifndef XEN_THAW_TEST_SAME_H
#define XEN_THAW_TEST_SAME_H

#include <stdbool.h>

/*
 * Both plans fill the same pages with the same; all of @out at pages of the file.
 * Return: false where there is no plan of @in, and nothing to compare.
 */
bool same_plans(int in, int out);

/* The model of stock's restore knows types, too, but small guests only. */
void same_guests(int in, int out);

#endif /* XEN_THAW_TEST_SAME_H */
