// SPDX-License-Identifier: GPL-2.0
/*
 * xen-thaw-pv.so: xen-thaw-helper preloads it into the stock helper to restore a PV
 * guest. It reports where each pfn was put. It also populates runs of pfns by 2 MiB,
 * as libxenguest does when it builds a PV guest, and from 4.21 on when it restores
 * one.
 *
 * XEN_THAW_PV has the descriptors of the table (mfn by pfn, 0 for none) and of
 * an eventfd, which is raised once at the start and after each report.
 */

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
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

/* A run of pfns that becomes one extent. */
#define RUN_ORDER	9
#define RUN_PFNS	(1UL << RUN_ORDER)

/**
 * struct request - what is left to populate
 * @exact: libxenctrl's xc_domain_populate_physmap_exact()
 * @some: its xc_domain_populate_physmap(), or NULL; returns the extents done
 * @xch: as libxenguest passed it, like @domid and @mem_flags
 * @domid: the new domain
 * @mem_flags: XENMEMF_*
 * @frames: pfns, which become mfns
 * @nr: of @frames
 */
struct request {
	populate_fn *exact;
	populate_fn *some;
	xc_interface *xch;
	uint32_t domid;
	unsigned int mem_flags;
	xen_pfn_t *frames;
	unsigned long nr;
};

static volatile uint64_t *table;
static uint64_t nr_pfns;
static int event_fd = -1;

static void raise_event(void)
{
	const uint64_t one = 1;

	/* If this fails, the helper notices that no report comes. */
	if (write(event_fd, &one, sizeof(one)) < 0)
		return;
}

/* Children of this process get the administrator's LD_PRELOAD, without us. */
static void clean_environment(void)
{
	const char *list = getenv("LD_PRELOAD");
	const char *others = list ? strchr(list, ':') : NULL;

	unsetenv("XEN_THAW_PV");
	if (others)
		setenv("LD_PRELOAD", others + 1, 1);
	else
		unsetenv("LD_PRELOAD");
}

static __attribute__((constructor)) void hello(void)
{
	const char *fds = getenv("XEN_THAW_PV");
	struct stat st;
	int table_fd;
	void *map;

	if (!fds || sscanf(fds, "%d,%d", &table_fd, &event_fd) != 2)
		return;
	clean_environment();
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

/* Return: how many pfns there are before the first run; all without one. */
static unsigned long before_run(const xen_pfn_t *pfns, unsigned long nr)
{
	unsigned long start = 0, i;

	for (i = 0; i < nr; i++) {
		if (i && pfns[i] != pfns[i - 1] + 1)
			start = i;
		if (i - start == RUN_PFNS - 1)
			return start;
	}
	return nr;
}

static int populate_pages(struct request *r, unsigned long nr)
{
	int rc = 0;

	if (nr)
		rc = r->exact(r->xch, r->domid, nr, 0, r->mem_flags, r->frames);
	r->frames += nr;
	r->nr -= nr;
	return rc;
}

static bool populate_run(struct request *r)
{
	xen_pfn_t frame = r->frames[0];
	unsigned int i;

	if (r->some(r->xch, r->domid, 1, RUN_ORDER, r->mem_flags, &frame) != 1)
		return false;
	for (i = 0; i < RUN_PFNS; i++)
		r->frames[i] = frame + i;
	r->frames += RUN_PFNS;
	r->nr -= RUN_PFNS;
	return true;
}

static int populate(struct request *r)
{
	/* Without 2 MiB in a row Xen may still have as many single pages. */
	static bool no_runs;

	while (r->nr) {
		unsigned long nr = r->nr;
		int rc;

		if (r->some && !no_runs)
			nr = before_run(r->frames, nr);
		rc = populate_pages(r, nr);
		if (rc)
			return rc;
		if (r->nr)
			no_runs = !populate_run(r);
	}
	return 0;
}

/* Stands before libxenctrl's own. */
int xc_domain_populate_physmap_exact(xc_interface *xch, uint32_t domid,
				     unsigned long nr_extents,
				     unsigned int extent_order,
				     unsigned int mem_flags,
				     xen_pfn_t *extent_start)
{
	struct request r = {
		.exact = (populate_fn *)dlsym(RTLD_NEXT, __func__),
		.some = (populate_fn *)dlsym(RTLD_NEXT,
					     "xc_domain_populate_physmap"),
		.xch = xch,
		.domid = domid,
		.mem_flags = mem_flags,
		.frames = extent_start,
		.nr = nr_extents,
	};
	xen_pfn_t *pfns;
	int rc;

	if (!r.exact) {
		errno = ENOSYS;
		return -1;
	}
	if (!table)
		return r.exact(xch, domid, nr_extents, extent_order, mem_flags,
			       extent_start);

	pfns = calloc(nr_extents, sizeof(*pfns));
	if (!pfns)
		return -1;
	memcpy(pfns, extent_start, nr_extents * sizeof(*pfns));
	rc = extent_order ? r.exact(xch, domid, nr_extents, extent_order,
				    mem_flags, extent_start) : populate(&r);
	if (!rc)
		report(pfns, extent_start, nr_extents, extent_order);
	free(pfns);
	return rc;
}
