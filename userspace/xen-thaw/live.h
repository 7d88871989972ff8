/* SPDX-License-Identifier: GPL-2.0 */
/* Saves a guest that runs meanwhile, and is frozen only at the end. */
#ifndef XEN_THAW_LIVE_H
#define XEN_THAW_LIVE_H

#include <stdbool.h>

#include "env.h"

struct save_xen;

/**
 * struct live_job - what to do
 * @xen: how to talk to Xen
 * @domain: number or name of the guest
 * @out: path of the new file; replaced if it exists
 * @config: path of a configuration in xl's syntax for the file; NULL: that of the guest
 * @go_on: the guest goes on afterwards
 * @pause: it stays, paused; with neither it is destroyed
 * @keep_domid: it is to get the same number again
 * @cache: whether the file stays in the page cache
 * @stats: path of a file for statistics, or NULL
 */
struct live_job {
	const struct save_xen *xen;
	const char *domain;
	const char *out;
	const char *config;
	bool go_on;
	bool pause;
	bool keep_domid;
	enum cache_mode cache;
	const char *stats;
};

/**
 * live_save() - save a guest
 * @job: what to do; libxl's environment is set
 *
 * A signal that ends the process has the save fail first: the guest goes on.
 *
 * Return: 0; -1 after a message: the guest is not destroyed, and there is no new file
 * unless the message says so.
 */
int live_save(const struct live_job *job);

#endif /* XEN_THAW_LIVE_H */
