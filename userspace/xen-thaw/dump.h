/* SPDX-License-Identifier: GPL-2.0 */
/* Dumping the core of a guest, which is paused meanwhile. */
#ifndef XEN_THAW_DUMP_H
#define XEN_THAW_DUMP_H

#include <stdbool.h>

#include "env.h"

struct dump_xen;

/**
 * struct dump_job - what to do
 * @xen: how to talk to Xen
 * @domain: number or name of the guest
 * @out: path of the core
 * @force: replace the file of that name
 * @cache: whether the core is to stay in the page cache
 */
struct dump_job {
	const struct dump_xen *xen;
	const char *domain;
	const char *out;
	bool force;
	enum cache_mode cache;
};

/**
 * dump_guest() - write the core of a guest
 * @job: what to do
 *
 * A signal that ends the process lets the guest go on first.
 *
 * Return: 0; -1 after a message, with no new file.
 */
int dump_guest(const struct dump_job *job);

#endif /* XEN_THAW_DUMP_H */
