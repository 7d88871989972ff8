// SPDX-License-Identifier: GPL-2.0

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <xenforeignmemory.h>
#include <xen/memory.h>

#include "window.h"

int window_map(struct window *w, struct fill_job *job)
{
	const unsigned int type = XENMEM_resource_grant_table;
	const unsigned int id = XENMEM_resource_grant_table_id_shared;

	w->resource = xenforeignmemory_map_resource(job->fmem, job->domid,
						    type, id, 0, 1, &w->entries,
						    PROT_READ | PROT_WRITE, 0);
	if (!w->resource)
		return fill_fail(job, "cannot map the grant table of domain %u: %s",
				 job->domid, strerror(errno));
	return 0;
}

void window_unmap(struct window *w, struct fill_job *job)
{
	if (w->resource)
		xenforeignmemory_unmap_resource(job->fmem, w->resource);
	w->resource = NULL;
}
