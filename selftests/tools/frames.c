// SPDX-License-Identifier: GPL-2.0
/*
 * Prints a line "frame hash" for each frame of a paused domain, so that cmp can
 * compare two domains. A restore must change some words of a PV guest: the machine
 * frame numbers in page tables, in the p2m and in start_info. The program replaces
 * these by pfns first.
 */
#include <err.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xenctrl.h>
#include <xenforeignmemory.h>
#include <xenguest.h>
#include <zlib.h>

#define BATCH 1024
#define PAGE ((size_t)XC_PAGE_SIZE)
#define WORDS (PAGE / sizeof(uint64_t))
#define PTE_PRESENT 1
#define PTE_FRAME 0x000ffffffffff000ULL
/* These entries of every L4 table belong to Xen. */
#define L4_XEN_FIRST 256
#define L4_XEN_LAST 271

/* libxenctrl exports it, but no installed header declares it. */
int xc_get_pfn_type_batch(xc_interface *xch, uint32_t dom, unsigned int num, xen_pfn_t *arr);

static xc_interface *xch;
static xenforeignmemory_handle *fmem;
static uint32_t domid;

static void print_hash(xen_pfn_t frame, const void *page)
{
	printf("%" PRIx64 " %08lx%08lx\n", (uint64_t)frame, crc32(0, page, PAGE),
	       adler32(1, page, PAGE));
}

/* Maps up to BATCH frames. errs is not 0 for absent frames. */
static void *map(const xen_pfn_t *frames, size_t nr, int *errs)
{
	void *pages = xenforeignmemory_map(fmem, domid, PROT_READ, nr, frames, errs);

	if (!pages)
		err(1, "cannot map frames from %#" PRIx64 " on", (uint64_t)frames[0]);
	return pages;
}

/*
 * Keeps the gfns that have a frame. A PVH guest has a million without one, and a
 * PVH dom0 takes minutes to find these by mapping them.
 */
static size_t drop_absent(xen_pfn_t *gfns, size_t nr)
{
	xen_pfn_t types[BATCH];
	size_t kept = 0;

	memcpy(types, gfns, nr * sizeof(*gfns));
	if (xc_get_pfn_type_batch(xch, domid, nr, types))
		err(1, "cannot get types of frames from %#" PRIx64 " on", (uint64_t)gfns[0]);
	for (size_t i = 0; i < nr; i++)
		if ((types[i] & XEN_DOMCTL_PFINFO_LTAB_MASK) != XEN_DOMCTL_PFINFO_XTAB)
			gfns[kept++] = gfns[i];
	return kept;
}

/* Prints a batch of gfns from first on, up to last. Returns how many had a frame. */
static size_t dump_batch(xen_pfn_t first, xen_pfn_t last)
{
	xen_pfn_t gfns[BATCH];
	int errs[BATCH];
	size_t nr, i;
	char *pages;

	for (nr = 0; nr < BATCH && first + nr <= last; nr++)
		gfns[nr] = first + nr;
	nr = drop_absent(gfns, nr);
	if (!nr)
		return 0;
	pages = map(gfns, nr, errs);
	for (i = 0; i < nr; i++) {
		if (errs[i])
			errx(1, "cannot map gfn %#" PRIx64 ": %s", (uint64_t)gfns[i],
			     strerror(-errs[i]));
		print_hash(gfns[i], pages + i * PAGE);
	}
	munmap(pages, nr * PAGE);
	return nr;
}

/*
 * Searches from both ends until it has all pages of the domain. A PVH dom0 would
 * need a minute for the hole between memory and the special pages.
 */
static void dump_hvm(uint64_t nr_pages)
{
	xen_pfn_t low = 0, high;
	uint64_t found = 0;

	if (xc_domain_maximum_gpfn(xch, domid, &high) < 0)
		err(1, "cannot get the last frame of domain %u", domid);

	/* The gfns that are left to search are low to high - 1. */
	for (high++; found < nr_pages && low < high; low += BATCH) {
		xen_pfn_t top = high > BATCH ? high - BATCH : 0;

		if (top < low)
			top = low;
		found += dump_batch(top, high - 1);
		high = top;
		if (low < high)
			found += dump_batch(low, high - 1);
	}
	if (found < nr_pages)
		warnx("domain %u has %" PRIu64 " pages, %" PRIu64 " of them have a gfn",
		      domid, nr_pages, found);
}

/*
 * frames[pfn] has the machine frame of a PV guest's pfn, and its type. They come
 * from Xen's own table, because the guest's table is hard to map.
 */
static struct {
	uint64_t mfn;
	unsigned int type;
	bool present;
} *frames;
static uint64_t nr_frames;

static unsigned long last_mfn;

/*
 * pfn + 1 of each machine frame of the guest, or 0. Xen's own table does not serve for an
 * arbitrary word of a guest: it may not be mapped where the machine has no memory.
 */
static uint32_t *pfn_plus_1;

/* The guest's pfn of a machine frame, or -1 if it is not the guest's. */
static int64_t to_pfn(uint64_t mfn)
{
	return mfn <= last_mfn ? (int64_t)pfn_plus_1[mfn] - 1 : -1;
}

static void find_frames(void)
{
	xen_pfn_t last_pfn, types[BATCH];
	/* Xen's table: the pfn of each machine frame, whoever owns it. */
	const uint64_t *m2p;

	if (xc_domain_maximum_gpfn(xch, domid, &last_pfn) < 0 ||
	    xc_maximum_ram_page(xch, &last_mfn))
		err(1, "cannot get the last frame of domain %u", domid);
	m2p = (const uint64_t *)xc_map_m2p(xch, last_mfn, PROT_READ, NULL);
	if (!m2p)
		err(1, "cannot map Xen's table of frames");
	nr_frames = last_pfn + 1;
	frames = calloc(nr_frames, sizeof(*frames));
	pfn_plus_1 = calloc(last_mfn + 1, sizeof(*pfn_plus_1));
	if (!frames || !pfn_plus_1)
		err(1, "%" PRIu64 " frames", nr_frames);

	for (uint64_t first = 0; first <= last_mfn; first += BATCH) {
		size_t nr = last_mfn - first + 1 < BATCH ? last_mfn - first + 1 : BATCH;

		for (size_t i = 0; i < nr; i++)
			types[i] = first + i;
		if (xc_get_pfn_type_batch(xch, domid, nr, types))
			err(1, "cannot get types of frames from %#" PRIx64 " on", first);
		for (size_t i = 0; i < nr; i++) {
			unsigned int type = types[i] & XEN_DOMCTL_PFINFO_LTAB_MASK;
			uint64_t pfn;

			if (type == XEN_DOMCTL_PFINFO_XTAB)
				continue;
			pfn = m2p[first + i];
			if (pfn >= nr_frames)
				continue;
			pfn_plus_1[first + i] = pfn + 1;
			frames[pfn].mfn = first + i;
			frames[pfn].type = type;
			frames[pfn].present = true;
		}
	}
}

static void use_pfns_in_table(uint64_t *entries, unsigned int type)
{
	for (size_t i = 0; i < WORDS; i++) {
		int64_t pfn = to_pfn((entries[i] & PTE_FRAME) >> XC_PAGE_SHIFT);

		if ((type & XEN_DOMCTL_PFINFO_LTABTYPE_MASK) == XEN_DOMCTL_PFINFO_L4TAB &&
		    i >= L4_XEN_FIRST && i <= L4_XEN_LAST)
			entries[i] = 0;
		else if ((entries[i] & PTE_PRESENT) && pfn >= 0)
			entries[i] = (entries[i] & ~PTE_FRAME) | pfn << XC_PAGE_SHIFT;
	}
}

/* Flags of a p2m entry without a frame, or with a foreign one (Linux, asm/xen/page.h). */
#define P2M_FLAGS	(3ULL << 62)

/*
 * A page of the guest's p2m is recognized by its contents: it holds only the guest's frames in
 * order, and flagged words. A page that happens to hold a single frame number is no p2m.
 */
static void use_pfns_in_p2m(uint64_t *words)
{
	int64_t first = -1;

	for (size_t i = 0; i < WORDS; i++) {
		int64_t pfn = to_pfn(words[i]);

		if (words[i] & P2M_FLAGS)
			continue;
		if (pfn < 0)
			return;
		if (first < 0)
			first = pfn - (int64_t)i;
		if (first < 0 || first % WORDS || pfn != first + (int64_t)i)
			return;
	}
	for (size_t i = 0; i < WORDS; i++)
		if (!(words[i] & P2M_FLAGS))
			words[i] = first + i;
}

static void use_pfns_in_start_info(start_info_t *info)
{
	if (strncmp(info->magic, "xen-3.", 6))
		return;
	info->shared_info = 0;
	info->store_mfn = to_pfn(info->store_mfn);
	info->console.domU.mfn = to_pfn(info->console.domU.mfn);
}

static void dump_pv_batch(const xen_pfn_t *pfns, size_t nr)
{
	union {
		uint64_t words[WORDS];
		start_info_t start_info;
	} page;
	xen_pfn_t mfns[BATCH];
	int errs[BATCH];
	const char *pages;

	for (size_t i = 0; i < nr; i++)
		mfns[i] = frames[pfns[i]].mfn;
	pages = map(mfns, nr, errs);
	for (size_t i = 0; i < nr; i++) {
		unsigned int type = frames[pfns[i]].type;

		if (errs[i])
			errx(1, "cannot map pfn %#" PRIx64 ": %s", (uint64_t)pfns[i],
			     strerror(-errs[i]));
		memcpy(&page, pages + i * PAGE, PAGE);
		if (type & XEN_DOMCTL_PFINFO_LTABTYPE_MASK) {
			use_pfns_in_table(page.words, type);
		} else {
			use_pfns_in_p2m(page.words);
			use_pfns_in_start_info(&page.start_info);
		}
		print_hash(pfns[i], &page);
	}
	munmap((void *)pages, nr * PAGE);
}

static void dump_pv(void)
{
	xen_pfn_t pfns[BATCH];
	size_t nr = 0;

	find_frames();
	for (uint64_t pfn = 0; pfn < nr_frames; pfn++) {
		if (frames[pfn].present)
			pfns[nr++] = pfn;
		if (nr == BATCH || (nr && pfn + 1 == nr_frames)) {
			dump_pv_batch(pfns, nr);
			nr = 0;
		}
	}
}

int main(int argc, char **argv)
{
	xc_domaininfo_t info;
	char *end = "";

	if (argc == 2)
		domid = strtoul(argv[1], &end, 10);
	if (argc != 2 || *end)
		errx(2, "usage: frames DOMID\n"
		     "Prints the hash of each frame of a domain; pause it first.");

	xch = xc_interface_open(NULL, NULL, 0);
	fmem = xenforeignmemory_open(NULL, 0);
	if (!xch || !fmem)
		err(1, "cannot talk to Xen; is this dom0, and are you root?");
	if (xc_domain_getinfolist(xch, domid, 1, &info) != 1 || info.domain != domid)
		errx(1, "no domain %u", domid);

	if (!(info.flags & XEN_DOMINF_paused))
		errx(1, "domain %u is running; pause it first: xl pause %u", domid, domid);
	if (info.flags & XEN_DOMINF_hvm_guest)
		dump_hvm(info.tot_pages);
	else
		dump_pv();

	if (fflush(stdout) || ferror(stdout))
		err(1, "cannot write");
	return 0;
}
