// SPDX-License-Identifier: GPL-2.0
/*
 * dirty-memory KEEP [half|hold]: fills all free memory of the host but KEEP MiB with a
 * pattern. A domain takes the pages, and gives them back while it lives, as a guest's
 * balloon does. Xen does not scrub such pages. Prints the number of MiB that it filled.
 *
 * With "half" the domain keeps the upper half of each 2 MiB, so that no such page is
 * left, and with "hold" all of it, until the program is ended by SIGTERM.
 */
#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xenctrl.h>
#include <xenforeignmemory.h>

#define BATCH	1024
#define MIB	(1UL << 20)
#define PATTERN	0x4c

static xc_interface *xch;
static xenforeignmemory_handle *fmem;

/* A PV domain has no p2m in Xen, so its pages are known by machine frame. */
static uint32_t create(void)
{
	struct xen_domctl_createdomain config = {
		.max_vcpus = 1,
		.max_evtchn_port = 1023,
		.max_grant_frames = -1,
		.max_maptrack_frames = -1,
		.grant_opts = XEN_DOMCTL_GRANT_version(1),
	};
	uint32_t domid = 0;

	if (xc_domain_create(xch, &domid, &config))
		err(1, "xc_domain_create");
	if (xc_domain_setmaxmem(xch, domid, UINT32_MAX))
		err(1, "xc_domain_setmaxmem");
	return domid;
}

static unsigned long free_mib(void)
{
	xc_physinfo_t host = { 0 };

	if (xc_physinfo(xch, &host))
		err(1, "xc_physinfo");
	return host.free_pages * 4096UL / MIB;
}

static void fill(uint32_t domid, const xen_pfn_t *frames)
{
	void *pages = xenforeignmemory_map(fmem, domid, PROT_READ | PROT_WRITE,
					   BATCH, frames, NULL);

	if (!pages)
		err(1, "cannot map frames of domain %u", domid);
	memset(pages, PATTERN, BATCH * 4096UL);
	xenforeignmemory_unmap(fmem, pages, BATCH);
}

/* Puts those frames first that the domain gives back. Return: how many. */
static unsigned long choose_half(xen_pfn_t *frames, unsigned long nr)
{
	unsigned long i, chosen = 0;

	for (i = 0; i < nr; i++) {
		const xen_pfn_t frame = frames[i];

		if (frame & 256)
			continue;
		frames[i] = frames[chosen];
		frames[chosen++] = frame;
	}
	return chosen;
}

static void give_back(uint32_t domid, xen_pfn_t *frames, unsigned long nr)
{
	unsigned long i, n;

	for (i = 0; i < nr; i += n) {
		n = nr - i < BATCH ? nr - i : BATCH;
		if (xc_domain_decrease_reservation_exact(xch, domid, n, 0, frames + i))
			err(1, "domain %u keeps its pages", domid);
	}
}

static void print_and_wait(unsigned long mib, bool wait)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	printf("%lu\n", mib);
	fflush(stdout);
	if (wait)
		sigwait(&set, &sig);
}

int main(int argc, char **argv)
{
	const bool half = argc == 3 && !strcmp(argv[2], "half");
	const bool hold = argc == 3 && !strcmp(argv[2], "hold");
	unsigned long keep, nr = 0;
	xen_pfn_t *frames = NULL;
	uint32_t domid;

	if (argc != 2 + half + hold)
		errx(2, "usage: dirty-memory KEEP [half|hold]");
	keep = strtoul(argv[1], NULL, 10);
	xch = xc_interface_open(NULL, NULL, 0);
	fmem = xenforeignmemory_open(NULL, 0);
	if (!xch || !fmem)
		err(1, "no Xen");
	domid = create();

	for (; free_mib() > keep; nr += BATCH) {
		frames = reallocarray(frames, nr + BATCH, sizeof(*frames));
		if (!frames)
			err(1, "%lu frames", nr);
		memset(frames + nr, 0, BATCH * sizeof(*frames));
		if (xc_domain_populate_physmap_exact(xch, domid, BATCH, 0, 0,
						     frames + nr))
			break;
		fill(domid, frames + nr);
	}
	if (!hold)
		give_back(domid, frames, half ? choose_half(frames, nr) : nr);
	print_and_wait(nr * 4096 / MIB, half || hold);
	if (xc_domain_destroy(xch, domid))
		err(1, "domain %u stays", domid);
	return 0;
}
