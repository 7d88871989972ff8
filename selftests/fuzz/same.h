/* SPDX-License-Identifier: GPL-2.0 */
/* Checks that two save files restore to the same guest. */
#ifndef XEN_THAW_TEST_SAME_H
#define XEN_THAW_TEST_SAME_H

#include <stdbool.h>

/*
 * Checks that both plans fill the same pages with the same data, and that all data
 * of @out is page-aligned in the file.
 * Return: false if there is no plan for @in, so that nothing was compared.
 */
bool same_plans(int in, int out);

/* Compares by the model of stock's restore: it knows page types, but only small guests. */
void same_guests(int in, int out);

#endif /* XEN_THAW_TEST_SAME_H */
