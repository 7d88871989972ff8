/* SPDX-License-Identifier: GPL-2.0 */
/* Every test program needs this: the harness, the contract and the device. */
#ifndef THAW_TEST_H
#define THAW_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include "kselftest_harness.h"
#include "xen_thaw.h"

/* An emulated Xen is slow, and foreign mappings in a PVH dom0 are slower. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	300

/* Page size of the contract, not of the machine. */
#define THAW_PAGE_SIZE		4096UL

#define GRANT_ENTRIES		512

/* The last flag that an extent will ever have. */
#define UNKNOWN_FLAG		0x80000000U

/* Opens the device in a fixture's setup or a test, or skips the test. */
#define OPEN_THAW(fd) do { \
	(fd) = open(XEN_THAW_DEVICE, O_RDWR | O_CLOEXEC); \
	if ((fd) < 0) \
		SKIP(return, "%s: %s; in dom0, as root: modprobe xen_thaw", \
		     XEN_THAW_DEVICE, strerror(errno)); \
} while (0)

/* Calls ioctl(). Return: 0 or the errno. */
static inline int thaw_ioctl(int fd, unsigned long call, void *args)
{
	return ioctl(fd, call, args) ? errno : 0;
}

#endif /* THAW_TEST_H */
