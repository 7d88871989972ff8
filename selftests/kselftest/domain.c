// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "domain.h"

#define PAGE		4096UL
/* A domain's handle marks it as a domain of these tests, and names its owner. */
union handle {
	xen_domain_handle_t uuid;
	struct {
		char name[12];
		pid_t creator;
	};
};

static const char handle_name[12] = "thaw-selftst";

static int fail(const char *what)
{
	printf("# %s: %s\n", what, strerror(errno));
	return -1;
}

static void destroy_leftovers(xc_interface *xch)
{
	xc_domaininfo_t info;
	uint32_t id = 1;

	for (; xc_domain_getinfolist(xch, id, 1, &info) == 1; id = info.domain + 1) {
		union handle handle;

		memcpy(&handle, info.handle, sizeof(handle));
		if (memcmp(handle.name, handle_name, sizeof(handle_name)) ||
		    info.flags & XEN_DOMINF_dying)
			continue;
		if (!kill(handle.creator, 0))
			continue;
		printf("# destroying domain %u of an earlier test\n", info.domain);
		xc_domain_destroy(xch, info.domain);
	}
}

/* The same configuration as libxl makes for such a guest. */
static int create(struct domain *d, enum domain_kind kind)
{
	struct xen_domctl_createdomain config = {
		.max_vcpus = 1,
		.max_evtchn_port = 1023,
		.max_grant_frames = -1,
		.max_maptrack_frames = -1,
	};
	xc_physinfo_t host = { 0 };
	union handle handle;
	uint32_t need;

	if (xc_physinfo(d->xch, &host))
		return fail("xc_physinfo");
	need = kind == DOMAIN_PV ? XEN_SYSCTL_PHYSCAP_pv : XEN_SYSCTL_PHYSCAP_hvm;
	if (!(host.capabilities & need))
		return 1;

	memcpy(handle.name, handle_name, sizeof(handle_name));
	handle.creator = getpid();
	memcpy(config.handle, &handle, sizeof(handle));
	if (host.capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v2)
		config.grant_opts = XEN_DOMCTL_GRANT_version(2);
	else
		config.grant_opts = XEN_DOMCTL_GRANT_version(1);
	if (kind != DOMAIN_PV) {
		config.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_oos_off;
		if (host.capabilities & XEN_SYSCTL_PHYSCAP_hap)
			config.flags |= XEN_DOMCTL_CDF_hap;
		config.arch.emulation_flags = XEN_X86_EMU_LAPIC;
	}
	if (xc_domain_create(d->xch, &d->id, &config))
		return fail("xc_domain_create");
	d->exists = true;

	if (xc_domain_max_vcpus(d->xch, d->id, 1))
		return fail("xc_domain_max_vcpus");
	if (xc_domain_setmaxmem(d->xch, d->id, d->nr * 4UL + 1024))
		return fail("xc_domain_setmaxmem");
	if (kind != DOMAIN_PV &&
	    xc_set_paging_mempool_size(d->xch, d->id, 4 << 20))
		return fail("xc_set_paging_mempool_size");
	return 0;
}

static int populate(struct domain *d, enum domain_kind kind)
{
	const unsigned int order = kind == DOMAIN_PVH_2M ? 9 : 0;
	const unsigned int nr = d->nr >> order;
	const xen_pfn_t base = kind == DOMAIN_PV ? 0 : DOMAIN_FIRST_GFN;
	unsigned int i;

	for (i = 0; i < nr; i++)
		d->frames[i] = base + ((xen_pfn_t)i << order);
	if (xc_domain_populate_physmap_exact(d->xch, d->id, nr, order, 0, d->frames))
		return fail("xc_domain_populate_physmap_exact");
	if (kind != DOMAIN_PV)
		for (i = 0; i < d->nr; i++)
			d->frames[i] = base + i;
	return 0;
}

int domain_map_window(struct domain *d)
{
	const unsigned int type = XENMEM_resource_grant_table;
	const unsigned int id = XENMEM_resource_grant_table_id_shared;
	void *window = NULL;

	d->resource = xenforeignmemory_map_resource(d->fmem, d->id, type, id, 0, 1, &window,
						    PROT_READ | PROT_WRITE, 0);
	d->window = window;
	return d->resource ? 0 : fail("xenforeignmemory_map_resource");
}

int domain_map_window_again(struct domain *d)
{
	d->fmem = xenforeignmemory_open(NULL, 0);
	return d->fmem ? domain_map_window(d) : fail("xenforeignmemory_open");
}

int domain_create(struct domain *d, enum domain_kind kind, unsigned int nr)
{
	int err;

	memset(d, 0, sizeof(*d));
	d->nr = nr;
	d->frames = calloc(nr, sizeof(*d->frames));
	d->expect = malloc(nr * PAGE);
	if (!d->frames || !d->expect)
		return fail("memory of the test");

	d->xch = xc_interface_open(NULL, NULL, 0);
	d->fmem = xenforeignmemory_open(NULL, 0);
	if (!d->xch || !d->fmem)
		return fail("libxenctrl, libxenforeignmemory");
	destroy_leftovers(d->xch);

	err = create(d, kind);
	if (err)
		return err;
	if (populate(d, kind))
		return -1;

	if (domain_map_window(d))
		return -1;
	d->memory = xenforeignmemory_map(d->fmem, d->id, PROT_READ | PROT_WRITE, nr,
					 d->frames, NULL);
	if (!d->memory)
		return fail("xenforeignmemory_map");
	domain_reset(d);
	return 0;
}

int domain_kill(struct domain *d)
{
	if (xc_domain_destroy(d->xch, d->id))
		return fail("xc_domain_destroy");
	d->exists = false;
	return 0;
}

void domain_destroy(struct domain *d)
{
	if (d->memory)
		xenforeignmemory_unmap(d->fmem, d->memory, d->nr);
	if (d->resource)
		xenforeignmemory_unmap_resource(d->fmem, d->resource);
	if (d->exists)
		domain_kill(d);
	if (d->fmem)
		xenforeignmemory_close(d->fmem);
	if (d->xch)
		xc_interface_close(d->xch);
	free(d->frames);
	free(d->expect);
	memset(d, 0, sizeof(*d));
}

void domain_reset(struct domain *d)
{
	uint64_t *word = (uint64_t *)d->expect;
	size_t w;

	for (w = 0; w < d->nr * PAGE / sizeof(*word); w++)
		word[w] = 0x67756172640a0000 ^ (w / 512 << 24) ^ w;
	memcpy(d->memory, d->expect, d->nr * PAGE);
}

bool domain_range_matches(struct domain *d, unsigned int first, unsigned int nr)
{
	const unsigned char *want = d->expect + first * PAGE;
	const unsigned char *have = d->memory + first * PAGE;
	size_t at = 0;

	if (!memcmp(have, want, nr * PAGE))
		return true;
	while (have[at] == want[at])
		at++;
	printf("# frame %zu (%#lx) byte %zu: %02x, not %02x\n", first + at / PAGE,
	       (unsigned long)d->frames[first + at / PAGE], at % PAGE, have[at], want[at]);
	return false;
}

bool domain_matches(struct domain *d)
{
	return domain_range_matches(d, 0, d->nr);
}

uint64_t host_free_pages(xc_interface *xch)
{
	xc_physinfo_t host = { 0 };
	uint64_t before;
	int stable = 0;

	/* Xen frees the last pages of a domain after its destruction has returned. */
	do {
		before = host.free_pages + host.scrub_pages;
		usleep(20000);
		if (xc_physinfo(xch, &host))
			return 0;
		stable = before == host.free_pages + host.scrub_pages ? stable + 1 : 0;
	} while (stable < 10);
	return before;
}
