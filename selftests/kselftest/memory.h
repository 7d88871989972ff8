/* SPDX-License-Identifier: GPL-2.0 */
/* How much memory the kernel has free, to tell whether some was lost. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>

/* What else a system takes meanwhile. */
#define MEMORY_SLACK_KIB	3072L

/* Free KiB, once all that the kernel can take back is taken back; -1: unknown. */
long memory_free_kib(void);

/* Whether no more than the slack is gone, in the end; prints what is. */
bool memory_is_back(long before);

#endif /* MEMORY_H */
