/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The grant window: frame 0 of the new domain's grant table, mapped. Its
 * entries grant the caller's domain the frames that are being written.
 */
#ifndef XEN_THAW_WINDOW_H
#define XEN_THAW_WINDOW_H

#include "engine.h"

/**
 * struct window - a mapped grant table frame
 * @entries: union with version 1 entries (xen/grant_table.h), 4096 bytes
 * @resource: of libxenforeignmemory
 */
struct window {
	void *entries;
	struct xenforeignmemory_resource_handle *resource;
};

/**
 * window_map() - map the window of a job's domain
 * @w: filled in
 * @job: the job; on failure its error is set
 *
 * Return: 0 or -1.
 */
int window_map(struct window *w, struct fill_job *job);
void window_unmap(struct window *w, struct fill_job *job);

#endif /* XEN_THAW_WINDOW_H */
