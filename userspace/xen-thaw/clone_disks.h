/* SPDX-License-Identifier: GPL-2.0 */
/* The disks of a clone: those that it may write to are overlays. */
#ifndef XEN_THAW_CLONE_DISKS_H
#define XEN_THAW_CLONE_DISKS_H

struct clone;
struct clone_record;

/**
 * clone_disks_make() - make the overlays of a clone
 * @clone: its record has them, and is written, before the first is made
 *
 * Return: 0, or -1 after a message; then clone_disks_remove() is due.
 */
int clone_disks_make(struct clone *clone);

/**
 * clone_disks_remove() - remove the overlays of a clone
 * @record: of the clone; keeps those that could not be removed
 *
 * Return: 0 if there is none any more, or -1 after messages.
 */
int clone_disks_remove(struct clone_record *record);

/**
 * clone_disks_leave() - a domain that is not a clone any more has the overlays
 * @record: of the clone; has none afterwards
 */
void clone_disks_leave(struct clone_record *record);

#endif /* XEN_THAW_CLONE_DISKS_H */
