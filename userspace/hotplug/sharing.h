/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XEN_THAW_SHARING_H
#define XEN_THAW_SHARING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * enum access - how a disk is to be used: canonicalise_mode() of the scripts
 * @ACCESS_READ: read only; others may read it
 * @ACCESS_WRITE: nobody else may use it
 * @ACCESS_SHARED: no check is made
 */
enum access {
	ACCESS_READ,
	ACCESS_WRITE,
	ACCESS_SHARED,
};

/**
 * enum user - who uses a disk so that we may not
 * @USER_NONE: nobody
 * @USER_DOM0: it is mounted in this domain
 * @USER_GUEST: another guest
 */
enum user {
	USER_NONE,
	USER_DOM0,
	USER_GUEST,
};

/**
 * access_of() - parse a disk's mode
 * @mode: "r", "ro", "w", "rw", "w!" or "rw!"
 */
enum access access_of(const char *mode);

/**
 * sharing_user() - find who uses one of these devices in a way that excludes us
 * @devs: the devices
 * @n: number of devices
 * @access: what we want
 * @frontend: our domain's number
 *
 * The caller holds the lock "block". Devices of the same VM do not count: of a
 * stub domain, and of the domain that a save left behind.
 */
enum user sharing_user(const dev_t *devs, size_t n, enum access access,
		       const char *frontend);

#endif /* XEN_THAW_SHARING_H */
