/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a dump takes of the libraries that are tied to one version of Xen. It is
 * in a shared object of its own, so that nothing else depends on them:
 * xen-thaw-dump.so, which defines dump_xen.
 */
#ifndef XEN_THAW_DUMP_XEN_H
#define XEN_THAW_DUMP_XEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct dump_domain - the domain to be dumped
 * @domid: its number
 * @nr_pages: that it has, of 4 KiB
 * @hvm: it is a PVH or HVM guest
 * @xc: handle of libxenctrl
 * @error: after a failure: the cause, as far as it is known
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
 * @open: find a domain by its number or name, and see whether it can be dumped;
 *	nothing is open after a failure
 * @close: release what @open took
 * @pause: hold the domain; such calls are counted by Xen
 * @unpause: take back one call of @pause; fails also if the domain is gone, or
 *	was not held all the time
 * @core: hand a core of the domain, from its first byte on, to a function; on
 *	handles of its own, for a process that was forked after @open
 *
 * All but @close return 0, or -1 with the error of the domain set. Where the
 * function failed that @core was given, that function knows the cause.
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
