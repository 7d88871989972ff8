/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XEN_THAW_CLOCK_H
#define XEN_THAW_CLOCK_H

/**
 * clock_now() - read the monotonic clock
 *
 * Return: seconds since some fixed moment.
 */
double clock_now(void);

#endif /* XEN_THAW_CLOCK_H */
