/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XEN_THAW_LOCK_H
#define XEN_THAW_LOCK_H

/**
 * lock_claim() - exclude all other scripts of this kind
 * @name: "block"
 *
 * It is the lock of Xen's locking.sh: the same file, taken in the same way. So
 * stock scripts are excluded, too. Waits for it. The lock ends with the
 * process, too.
 */
void lock_claim(const char *name);

/**
 * lock_release() - release the lock, and remove its file
 *
 * Without effect if there is no lock.
 */
void lock_release(void);

#endif /* XEN_THAW_LOCK_H */
