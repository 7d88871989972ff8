/* SPDX-License-Identifier: GPL-2.0 */
/* Measures the kernel's free memory, to tell whether some was lost. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>

/* KiB that the rest of the system may take meanwhile. */
#define MEMORY_SLACK_KIB	3072L

/* Free KiB after the kernel has reclaimed what it can; -1: unknown. */
long memory_free_kib(void);

/* True if no more than the slack is lost in the end. If not, prints the loss. */
bool memory_is_back(long before);

#endif /* MEMORY_H */
