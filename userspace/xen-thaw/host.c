// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env.h"
#include "host.h"
#include "message.h"

/* Tests have others. */
#ifndef HYPERVISOR_TYPE
#define HYPERVISOR_TYPE	"/sys/hypervisor/type"
#define PRIVCMD		"/dev/xen/privcmd"
#endif

static bool under_xen(void)
{
	char type[8] = "";
	FILE *f = fopen(HYPERVISOR_TYPE, "re");

	if (!f)
		return false;
	if (!fgets(type, sizeof(type), f))
		type[0] = '\0';
	fclose(f);
	return !strcmp(type, "xen\n");
}

int host_check(const char *doing)
{
	if (!under_xen()) {
		message("this machine does not run under Xen: %s needs dom0",
			doing);
		return -1;
	}
	if (geteuid()) {
		message("%s must be done as root", doing);
		return -1;
	}
	if (access(PRIVCMD, F_OK)) {
		message("%s: %s: this is not dom0, or the module xen-privcmd is not loaded",
			PRIVCMD, strerror(errno));
		return -1;
	}
	return 0;
}

/* The directory that the running program is in; empty where nobody tells. */
static void own_dir(char *dir, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", dir, size - 1);
	char *slash;

	dir[len < 0 ? 0 : len] = '\0';
	slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
}

int host_find(const char *name, int mode, const char *advice,
	      char path[PATH_MAX])
{
	char dir[PATH_MAX];

	own_dir(dir, sizeof(dir));
	if (snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX &&
	    !access(path, mode))
		return 0;
	snprintf(path, PATH_MAX, "%s/%s", XEN_THAW_LIBEXECDIR, name);
	if (!access(path, mode))
		return 0;
	message("cannot find %s in %s or %s: %s", name, dir,
		XEN_THAW_LIBEXECDIR, advice);
	return -1;
}

int host_find_helper(char path[PATH_MAX])
{
	const char *named = env_helper();

	if (named) {
		if (realpath(named, path) && !access(path, X_OK))
			return 0;
		message(ENV_HELPER "=%s: %s", named, strerror(errno));
		return -1;
	}
	return host_find("xen-thaw-helper", X_OK, "set " ENV_HELPER, path);
}
