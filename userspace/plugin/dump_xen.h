/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of a dump that needs the libraries that are tied to one version of Xen.
 * It is a shared object of its own, xen-thaw-dump.so, so that nothing else depends
 * on them. The object defines dump_xen.
 */
#ifndef XEN_THAW_DUMP_XEN_H
#define XEN_THAW_DUMP_XEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct dump_domain - a domain that is dumped
 * @domid: its number
 * @nr_pages: that it has, of 4 KiB
 * @hvm: it is a PVH or HVM guest
 * @xc: handle of libxenctrl
 * @error: after a failure: the cause, if it is known
 */
struct dump_domain {
	uint32_t domid;
	uint64_t nr_pages;
	bool hvm;
	void *xc;
	char error[256];
};

/* Takes the next bytes of the core. Return: 0, or -1 to end it. */
typedef int dump_put_fn(void *arg, const void *buf, size_t size);

/**
 * struct dump_xen - what the shared object has
 * @open: find a domain by its number or name, and check that it can be dumped;
 *	nothing is open after a failure
 * @close: release what @open took
 * @pause: pause the domain; Xen counts these calls
 * @unpause: undo one call of @pause; fails also if the domain is gone, or was not
 *	paused all the time
 * @core: pass a core of the domain, from its first byte on, to a function; uses
 *	handles of its own, for a process that was forked after @open
 *
 * All but @close return 0, or -1 with the error of the domain set. If the function
 * that @core was given fails, that function knows the cause.
 */
struct dump_xen {
	int (*open)(struct dump_domain *d, const char *name);
	void (*close)(struct dump_domain *d);
	int (*pause)(struct dump_domain *d);
	int (*unpause)(struct dump_domain *d);
	int (*core)(struct dump_domain *d, dump_put_fn *put, void *arg);
};

extern const struct dump_xen dump_xen;

#endif /* XEN_THAW_DUMP_XEN_H */
