/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A fill with valid arguments, for a domain that does not exist: it passes every
 * check of the module, and Xen refuses it. A test that makes one argument invalid
 * proves the check of that argument.
 */
#ifndef FILL_CALL_H
#define FILL_CALL_H

#include <stdbool.h>

#include "xen_thaw.h"

/* The highest id that a domain can have. No test host has that many domains. */
#define UNUSED_DOMID	0x7FEF

#define CALL_EXTENTS	3
#define CALL_PAGES	4
/* Bytes in the file: four pages, and the start of a fifth. */
#define CALL_FILE_SIZE	(CALL_PAGES * 4096 + 100)

/**
 * struct fill_call - a fill that only Xen refuses
 * @dev: the device
 * @file: CALL_FILE_SIZE bytes
 * @window: a page of zeros instead of a grant table; the next page is not
 *	accessible
 * @extents: one page of the file each, to frames 16, 17 and 18
 * @args: arguments of the call
 * @surplus: zeros after @args, for tests of a size that is too large
 */
struct fill_call {
	int dev;
	int file;
	unsigned char *window;
	struct xen_thaw_extent extents[CALL_EXTENTS];
	struct xen_thaw_fill args;
	unsigned char surplus[64];
};

int fill_call_init(struct fill_call *c, int dev);
void fill_call_free(struct fill_call *c);

/*
 * Makes the call, which must fail and leave all of its arguments alone. Return:
 * its errno, or -1 if it succeeded or wrote anything.
 */
int fill_refused(struct fill_call *c);

/*
 * The same for an errno that reports a place. Return: -1, too, unless the call
 * reports that nothing was done and that it stopped at the start of this extent.
 */
int fill_refused_at(struct fill_call *c, unsigned int extent);

/* True if the call passed all checks, and Xen said that there is no such domain. */
bool fill_accepted(struct fill_call *c);

#endif /* FILL_CALL_H */
