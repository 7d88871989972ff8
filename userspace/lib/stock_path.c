// SPDX-License-Identifier: GPL-2.0

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "env.h"
#include "file.h"
#include "message.h"
#include "stock_path.h"

#define HELPER	"libxl-save-helper"
#define OURS	"xen-thaw-helper"

/* Room for any path that is tried. */
#define STOCK_PATH	128

/* Tests have another root. */
#ifndef STOCK_ROOT
#define STOCK_ROOT	""
#endif

/* Of distributions, and of Xen's configure (m4/paths.m4, LIBEXEC_BIN). */
static const char * const dirs[] = {
	"/usr/libexec/xen/bin", "/usr/lib/xen/bin", "/usr/lib64/xen/bin",
	"/usr/local/libexec/xen/bin", "/usr/local/lib/xen/bin",
	"/usr/local/lib64/xen/bin",
};

#define NR_DIRS	(sizeof(dirs) / sizeof(dirs[0]))

int stock_xen_version(const char *what)
{
	char path[64];
	int value = -1;
	FILE *f;

	snprintf(path, sizeof(path), STOCK_ROOT "/sys/hypervisor/version/%s",
		 what);
	f = fopen(path, "re");
	if (!f)
		return -1;
	if (fscanf(f, "%d", &value) != 1)
		value = -1;
	fclose(f);
	return value;
}

bool stock_is_replaced(const char *path)
{
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	const char *slash;

	if (len < 0)
		return false;
	target[len] = '\0';
	slash = strrchr(target, '/');
	return !strcmp(slash ? slash + 1 : target, OURS);
}

static const char *find_named(const char *path)
{
	if (access(path, X_OK)) {
		message(ENV_STOCK "=%s: %s", path, strerror(errno));
		return NULL;
	}
	/* If we ran ourselves as the stock helper, that would never end. */
	if (file_is_this_program(path)) {
		message(ENV_STOCK "=%s: this is xen-thaw-helper: name Xen's own",
			path);
		return NULL;
	}
	return path;
}

/**
 * struct search - for the stock helper
 * @path: of the last try
 * @tried: directories so far, for the message
 */
struct search {
	char path[STOCK_PATH];
	char tried[512];
};

/* Return: whether the stock helper is in a directory. */
static bool try_dir(struct search *s, const char *dir)
{
	size_t len = strlen(s->tried);

	snprintf(s->tried + len, sizeof(s->tried) - len, "%s%s",
		 len ? ", " : "", dir);
	snprintf(s->path, sizeof(s->path), STOCK_ROOT "%s/" HELPER, dir);
	if (stock_is_replaced(s->path))
		snprintf(s->path, sizeof(s->path),
			 STOCK_ROOT "%s/" HELPER ".stock", dir);
	return !access(s->path, X_OK) && !file_is_this_program(s->path);
}

const char *stock_find(void)
{
	static struct search s;
	const char *named = env_stock_helper();
	int major = stock_xen_version("major");
	int minor = stock_xen_version("minor");
	char versioned[64];
	size_t i;

	if (named)
		return find_named(named);

	s.tried[0] = '\0';
	/* Debian installs one for each version of Xen. */
	if (major >= 0 && minor >= 0) {
		snprintf(versioned, sizeof(versioned),
			 "/usr/lib/xen-%d.%d/bin", major, minor);
		if (try_dir(&s, versioned))
			return s.path;
	}
	for (i = 0; i < NR_DIRS; i++)
		if (try_dir(&s, dirs[i]))
			return s.path;
	message("cannot find Xen's own " HELPER " in any of %s: set " ENV_STOCK " to its path",
		s.tried);
	return NULL;
}

int stock_list(glob_t *list)
{
	char pattern[STOCK_PATH];
	size_t i;

	memset(list, 0, sizeof(*list));
	glob(STOCK_ROOT "/usr/lib/xen-*/bin/" HELPER, 0, NULL, list);
	for (i = 0; i < NR_DIRS; i++) {
		snprintf(pattern, sizeof(pattern), STOCK_ROOT "%s/" HELPER,
			 dirs[i]);
		glob(pattern, GLOB_APPEND, NULL, list);
	}
	return list->gl_pathc ? 0 : -1;
}
