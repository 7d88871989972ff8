/* SPDX-License-Identifier: GPL-2.0 */
/* Dumps the core of a guest, which is paused until that is done. */
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
 * @cache: whether the core stays in the page cache
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
 * When a signal ends the process, the guest goes on first. The signals of job
 * control do not stop it.
 *
 * Return: 0; -1 after a message: there is no new file, with the one exception of
 * newfile_commit().
 */
int dump_guest(const struct dump_job *job);

#endif /* XEN_THAW_DUMP_H */
