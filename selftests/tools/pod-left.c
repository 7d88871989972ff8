// SPDX-License-Identifier: GPL-2.0
/*
 * pod-left DOMID: prints how many gfns of a domain wait to be populated on demand, and
 * how many pages Xen keeps for them.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <xenctrl.h>

int main(int argc, char **argv)
{
	uint64_t pages, cached, left;
	xc_interface *xch;

	if (argc != 2)
		errx(2, "usage: pod-left DOMID");
	xch = xc_interface_open(NULL, NULL, 0);
	if (!xch || xc_domain_get_pod_target(xch, strtoul(argv[1], NULL, 10),
					     &pages, &cached, &left))
		err(1, "domain %s", argv[1]);
	printf("%" PRIu64 " %" PRIu64 "\n", left, cached);
	return 0;
}
