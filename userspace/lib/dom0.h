/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XEN_THAW_DOM0_H
#define XEN_THAW_DOM0_H

#include <stdbool.h>

/**
 * dom0_is_pvh() - whether this is an auto-translated dom0
 *
 * Mapping a guest's frames is slow there, and copying costs more than in a PV dom0.
 *
 * Return: false also if the kernel does not say (/sys/hypervisor/guest_type).
 */
bool dom0_is_pvh(void);

#endif /* XEN_THAW_DOM0_H */
