/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hypercalls of a restore, by libxencall. All are of Xen's stable guest
 * ABI, so that one binary serves every Xen.
 */
#ifndef XEN_THAW_POPULATE_H
#define XEN_THAW_POPULATE_H

#include <stdbool.h>
#include <stdint.h>

struct xencall_handle;
struct xenforeignmemory_handle;

/* Frames of a 2 MiB superpage. */
#define SUPERPAGE_ORDER		9
#define SUPERPAGE_FRAMES	(1U << SUPERPAGE_ORDER)

/**
 * struct populator - gives frames to a domain under construction
 * @xcall: libxencall
 * @domid: the domain
 * @frames: hypercall-safe list of frame numbers
 * @superpages: 2 MiB pages given so far
 */
struct populator {
	struct xencall_handle *xcall;
	uint32_t domid;
	uint64_t *frames;
	uint64_t superpages;
};

/**
 * populator_open() - prepare
 * @p: filled in
 * @domid: the domain
 *
 * Return: 0, or -1 with errno set.
 */
int populator_open(struct populator *p, uint32_t domid);
void populator_close(struct populator *p);

/**
 * populate_range() - populate gfns, in 2 MiB pages where they fit and Xen has
 * any
 * @p: the populator
 * @gfn: the first; none of them may be populated (Xen would replace the page
 *	silently)
 * @nr: gfns
 * @failed: out: the gfn that Xen did not populate, on failure
 *
 * Return: 0, or -1 with errno set.
 */
int populate_range(struct populator *p, uint64_t gfn, uint64_t nr,
		   uint64_t *failed);

/**
 * xen_domain_pages() - pages of memory that a domain has
 * @domid: the domain
 *
 * Return: how many, or -1 with errno set.
 */
int64_t xen_domain_pages(uint32_t domid);

/**
 * xen_scrubs_domheap() - whether Xen scrubs all memory that it gives to domains
 * @p: the populator
 *
 * It does if it was booted with scrub-domheap, and its default of scrubbing all
 * memory at boot was left alone. Without scrub-domheap, a page that a live guest
 * ballooned out reaches the next guest as it is.
 *
 * A release build of Xen scrubs with zeros, a debug build with 0xc2: see
 * xen_page_is_zero().
 */
bool xen_scrubs_domheap(struct populator *p);

/**
 * xen_page_is_zero() - whether a page of a domain is zero
 * @fmem: libxenforeignmemory
 * @domid: the domain
 * @frame: gfn, or mfn of a PV guest
 *
 * Return: false also if it cannot be mapped.
 */
bool xen_page_is_zero(struct xenforeignmemory_handle *fmem, uint32_t domid,
		      uint64_t frame);

#endif /* XEN_THAW_POPULATE_H */
