// SPDX-License-Identifier: GPL-2.0
/*
 * xen-thaw-pv.so: preloaded into the stock helper by xen-thaw-helper when it
 * restores a PV guest. Reports where each pfn was put; changes nothing.
 *
 * XEN_THAW_PV has the descriptors of the table (mfn by pfn, 0 for none) and of
 * an eventfd, which is raised once at the start and after each report.
 */

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xenctrl.h>

typedef int populate_fn(xc_interface *xch, uint32_t domid,
			unsigned long nr_extents, unsigned int extent_order,
			unsigned int mem_flags, xen_pfn_t *extent_start);

static volatile uint64_t *table;
static uint64_t nr_pfns;
static int event_fd = -1;

static void raise_event(void)
{
	const uint64_t one = 1;

	/* Nobody to tell, nothing to do: the helper sees that we are silent. */
	if (write(event_fd, &one, sizeof(one)) < 0)
		return;
}

static __attribute__((constructor)) void hello(void)
{
	const char *fds = getenv("XEN_THAW_PV");
	struct stat st;
	int table_fd;
	void *map;

	if (!fds || sscanf(fds, "%d,%d", &table_fd, &event_fd) != 2)
		return;
	/* Not for what this process may start. */
	unsetenv("XEN_THAW_PV");
	unsetenv("LD_PRELOAD");
	if (fstat(table_fd, &st))
		return;
	map = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   table_fd, 0);
	close(table_fd);
	if (map == MAP_FAILED)
		return;
	table = map;
	nr_pfns = st.st_size / sizeof(*table);
	raise_event();
}

static void report(const xen_pfn_t *pfns, const xen_pfn_t *mfns,
		   unsigned long nr, unsigned int order)
{
	unsigned long i, j;

	for (i = 0; i < nr; i++)
		for (j = 0; j < 1UL << order; j++)
			if (pfns[i] + j < nr_pfns)
				table[pfns[i] + j] = mfns[i] + j;
	raise_event();
}

/* Stands before libxenctrl's own. */
int xc_domain_populate_physmap_exact(xc_interface *xch, uint32_t domid,
				     unsigned long nr_extents,
				     unsigned int extent_order,
				     unsigned int mem_flags,
				     xen_pfn_t *extent_start)
{
	populate_fn *real = (populate_fn *)dlsym(RTLD_NEXT, __func__);
	xen_pfn_t *pfns = NULL;
	int rc;

	if (!real) {
		errno = ENOSYS;
		return -1;
	}
	if (table) {
		pfns = calloc(nr_extents, sizeof(*pfns));
		if (!pfns)
			return -1;
		memcpy(pfns, extent_start, nr_extents * sizeof(*pfns));
	}
	rc = real(xch, domid, nr_extents, extent_order, mem_flags,
		  extent_start);
	if (pfns && !rc)
		report(pfns, extent_start, nr_extents, extent_order);
	free(pfns);
	return rc;
}
