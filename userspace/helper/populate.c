// SPDX-License-Identifier: GPL-2.0

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* xen-compat.h: without it, the handle types of Xen 3.2. */
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__

#include <xencall.h>
#include <xenforeignmemory.h>
#include <xen/xen.h>
#include <xen/memory.h>
#include <xen/version.h>

#include "pages.h"
#include "populate.h"

/* Frame numbers in one hypercall: one page of them. */
#define FRAMES_PER_CALL	512U

int populator_open(struct populator *p, uint32_t domid)
{
	memset(p, 0, sizeof(*p));
	p->domid = domid;
	p->xcall = xencall_open(NULL, 0);
	if (!p->xcall)
		return -1;
	p->frames = xencall_alloc_buffer_pages(p->xcall, 1);
	return p->frames ? 0 : -1;
}

void populator_close(struct populator *p)
{
	if (p->frames)
		xencall_free_buffer_pages(p->xcall, p->frames, 1);
	if (p->xcall)
		xencall_close(p->xcall);
	memset(p, 0, sizeof(*p));
}

/* Return: how many of the frames listed Xen populated, or -1 with errno. */
static int populate_listed(struct populator *p, uint32_t nr, unsigned int order)
{
	struct xen_memory_reservation *r;
	int done;

	r = xencall_alloc_buffer(p->xcall, sizeof(*r));
	if (!r)
		return -1;
	memset(r, 0, sizeof(*r));
	set_xen_guest_handle(r->extent_start, (xen_pfn_t *)p->frames);
	r->nr_extents = nr;
	r->extent_order = order;
	r->domid = p->domid;
	done = xencall2(p->xcall, __HYPERVISOR_memory_op,
			XENMEM_populate_physmap, (uintptr_t)r);
	xencall_free_buffer(p->xcall, r);
	return done;
}

/* Populates nr pages of 2^order frames; stops at the first that is refused. */
static int populate_pages(struct populator *p, uint64_t gfn, uint64_t nr,
			  unsigned int order, uint64_t *pages_done)
{
	*pages_done = 0;
	while (*pages_done < nr) {
		uint64_t left = nr - *pages_done;
		uint32_t n = left < FRAMES_PER_CALL ? left : FRAMES_PER_CALL;
		uint32_t i;
		int done;

		for (i = 0; i < n; i++)
			p->frames[i] = gfn + ((*pages_done + i) << order);
		done = populate_listed(p, n, order);
		if (done < 0)
			return -1;
		*pages_done += done;
		if ((uint32_t)done < n) {
			errno = ENOMEM;
			return -1;
		}
	}
	return 0;
}

static int populate_small(struct populator *p, uint64_t gfn, uint64_t nr,
			  uint64_t *failed)
{
	uint64_t done;
	int err = populate_pages(p, gfn, nr, 0, &done);

	*failed = gfn + done;
	return err;
}

int populate_range(struct populator *p, uint64_t gfn, uint64_t nr,
		   uint64_t *failed)
{
	uint64_t head, supers, done;

	head = -gfn & (SUPERPAGE_FRAMES - 1);
	if (head > nr)
		head = nr;
	if (populate_small(p, gfn, head, failed))
		return -1;
	gfn += head;
	nr -= head;

	supers = nr >> SUPERPAGE_ORDER;
	/* Short of 2 MiB pages, Xen may still have as many small ones. */
	populate_pages(p, gfn, supers, SUPERPAGE_ORDER, &done);
	p->superpages += done;
	gfn += done << SUPERPAGE_ORDER;
	nr -= done << SUPERPAGE_ORDER;
	return populate_small(p, gfn, nr, failed);
}

int64_t xen_domain_pages(uint32_t domid)
{
	xencall_handle *xcall = xencall_open(NULL, 0);
	struct xen_memory_domain *arg;
	int64_t pages = -1;

	if (!xcall)
		return -1;
	arg = xencall_alloc_buffer(xcall, sizeof(*arg));
	if (arg) {
		arg->domid = (domid_t)domid;
		pages = xencall2(xcall, __HYPERVISOR_memory_op,
				 XENMEM_current_reservation, (uintptr_t)arg);
		xencall_free_buffer(xcall, arg);
	}
	xencall_close(xcall);
	return pages;
}

static bool is_true(const char *value)
{
	static const char * const words[] = { "", "=yes", "=on", "=true",
					      "=enable", "=1" };
	unsigned int i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(value, words[i]))
			return true;
	return false;
}

bool xen_scrubs_domheap(struct populator *p)
{
	static const char option[] = "scrub-domheap";
	bool scrubs = false, unsure = false;
	char *line, *word, *next;

	line = xencall_alloc_buffer(p->xcall, sizeof(xen_commandline_t));
	if (!line)
		return false;
	if (xencall2(p->xcall, __HYPERVISOR_xen_version, XENVER_commandline,
		     (uintptr_t)line) < 0)
		line[0] = '\0';
	line[sizeof(xen_commandline_t) - 1] = '\0';

	/*
	 * Anything but a plain yes counts as no: then zeros are written. The
	 * same for bootscrub: without it, memory that nobody had since boot is
	 * as the firmware left it.
	 */
	for (word = strtok_r(line, " ", &next); word;
	     word = strtok_r(NULL, " ", &next)) {
		if (!strncmp(word, option, sizeof(option) - 1))
			scrubs = is_true(word + sizeof(option) - 1);
		else if (!strcmp(word, "no-scrub-domheap"))
			scrubs = false;
		else if (strstr(word, "bootscrub"))
			unsure = true;
	}
	xencall_free_buffer(p->xcall, line);
	return scrubs && !unsure;
}

bool xen_page_is_zero(struct xenforeignmemory_handle *fmem, uint32_t domid,
		      uint64_t frame)
{
	xen_pfn_t gfn = frame;
	int err = 0;
	void *page = xenforeignmemory_map(fmem, domid, PROT_READ, 1, &gfn, &err);
	bool zero;

	if (!page)
		return false;
	zero = !err && page_is_zero(page);
	xenforeignmemory_unmap(fmem, page, 1);
	return zero;
}
