/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A domain under construction, made for a test and never started, with a copy
 * of the contents that its memory should have.
 */
#ifndef DOMAIN_H
#define DOMAIN_H

#include <stdbool.h>
#include <xenctrl.h>
#include <xenforeignmemory.h>

enum domain_kind {
	DOMAIN_PVH,	/* populated with 4K pages */
	DOMAIN_PVH_2M,	/* populated with superpages; has a multiple of 512 frames */
	DOMAIN_PV,	/* its frames are machine frames in any order */
};

/* First gfn of a PVH domain's frames; no gfn before or after them is populated. */
#define DOMAIN_FIRST_GFN	512

/**
 * struct domain - a domain
 * @xch: handle of libxenctrl
 * @fmem: handle of libxenforeignmemory
 * @resource: handle of the mapping @window
 * @id: domid
 * @exists: the domain has to be destroyed
 * @nr: number of frames
 * @frames: frame numbers, as extents use them
 * @memory: a foreign mapping of all frames; a child inherits neither it nor @window
 * @window: the domain's grant table frame 0
 * @expect: the expected contents of the frames, @nr pages
 */
struct domain {
	xc_interface *xch;
	xenforeignmemory_handle *fmem;
	xenforeignmemory_resource_handle *resource;
	uint32_t id;
	bool exists;
	unsigned int nr;
	xen_pfn_t *frames;
	unsigned char *memory;
	struct grant_entry_v1 *window;
	unsigned char *expect;
};

/*
 * Makes the domain, and fills its memory with a pattern that differs from
 * frame to frame. Destroys a domain that an earlier, killed test has left.
 *
 * Return: 0; 1 when this host cannot have such a domain; -1 after an error,
 * which it prints. The caller calls domain_destroy() in each case.
 */
int domain_create(struct domain *d, enum domain_kind kind, unsigned int nr);
void domain_destroy(struct domain *d);

/*
 * domain_map_window() maps the window again after it was unmapped.
 * domain_map_window_again() does so in a child, which does not inherit the mapping
 * and gets a handle of its own.
 *
 * Return: 0 or -1.
 */
int domain_map_window(struct domain *d);
int domain_map_window_again(struct domain *d);

/* Destroys the domain, but leaves its window and memory mapped. Return: 0 or -1. */
int domain_kill(struct domain *d);

/* Puts the pattern back. */
void domain_reset(struct domain *d);

/* True if all frames have the expected contents; prints the first difference. */
bool domain_range_matches(struct domain *d, unsigned int first, unsigned int nr);
bool domain_matches(struct domain *d);

/* Free memory of the host in pages; waits for domains that are being destroyed. */
uint64_t host_free_pages(xc_interface *xch);

#endif /* DOMAIN_H */
