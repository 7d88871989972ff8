// SPDX-License-Identifier: GPL-2.0
/*
 * allow-iomem DOMID: gives a domain access to a page of device memory, as passing a
 * device through does. Xen then refuses to populate its memory on demand.
 */
#include <err.h>
#include <stdlib.h>
#include <xenctrl.h>

/* Of the VGA text buffer, which dom0 may give away. */
#define MFN	0xb8

int main(int argc, char **argv)
{
	xc_interface *xch;

	if (argc != 2)
		errx(2, "usage: allow-iomem DOMID");
	xch = xc_interface_open(NULL, NULL, 0);
	if (!xch || xc_domain_iomem_permission(xch, strtoul(argv[1], NULL, 10), MFN, 1, 1))
		err(1, "domain %s", argv[1]);
	return 0;
}
