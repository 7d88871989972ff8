// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "dom0.h"

bool dom0_is_pvh(void)
{
	char type[8] = "";
	FILE *f = fopen("/sys/hypervisor/guest_type", "re");

	if (!f)
		return false;
	if (!fgets(type, sizeof(type), f))
		type[0] = '\0';
	fclose(f);
	return !strcmp(type, "PVH\n");
}
