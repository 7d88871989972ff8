// SPDX-License-Identifier: GPL-2.0

#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "hotplug.h"
#include "sharing.h"
#include "store.h"

struct wanted {
	const dev_t *devs;
	size_t n;
	enum access access;
	const char *frontend;
};

enum access access_of(const char *mode)
{
	if (!strchr(mode, 'w'))
		return ACCESS_READ;
	return strchr(mode, '!') ? ACCESS_SHARED : ACCESS_WRITE;
}

static bool wants(const struct wanted *w, dev_t dev)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->devs[i] == dev)
			return true;
	return false;
}

static bool is_mounted(const struct wanted *w)
{
	FILE *f = setmntent("/proc/mounts", "re");
	bool found = false;
	struct mntent *m;
	struct stat st;

	if (!f)
		fatal("cannot read /proc/mounts: %s", strerror(errno));
	while (!found && (m = getmntent(f)))
		found = (w->access == ACCESS_WRITE || !hasmntopt(m, "ro")) &&
			!stat(m->mnt_fsname, &st) && S_ISBLK(st.st_mode) &&
			wants(w, st.st_rdev);
	endmntent(f);
	return found;
}

/* Return: the name of the VM, to be freed, or NULL. */
static char *vm_of(const char *domain)
{
	return store_read(store_path("/local/domain/%s/vm", domain));
}

/* Return: the VM that a stub domain serves, to be freed, or NULL. */
static char *target_vm_of(const char *domain)
{
	char *target = store_read(store_path("/local/domain/%s/target",
					     domain));
	char *vm;

	if (!target)
		return NULL;
	vm = vm_of(target);
	free(target);
	return vm;
}

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/*
 * same_vm() of block-common.sh, as it has been since Xen 4.19. Before, two
 * domains without stub domains were always the same. A domain that has gone
 * from /local/domain before its backend is the same, too.
 */
static bool is_same_vm(const char *frontend, const char *other)
{
	char *vm = vm_of(frontend), *target = target_vm_of(frontend);
	char *other_vm = vm_of(other), *other_target = target_vm_of(other);
	bool result = !other_vm || same(vm, other_vm) ||
		      same(target, other_vm) || same(vm, other_target) ||
		      same(target, other_target);

	free(vm);
	free(target);
	free(other_vm);
	free(other_target);
	return result;
}

/* Return: whether the value is a device, in the form "MAJOR:MINOR", hex. */
static bool parse_dev(const char *value, dev_t *dev)
{
	unsigned int major, minor;
	char more;

	if (!value || sscanf(value, "%x:%x%c", &major, &minor, &more) != 2)
		return false;
	*dev = makedev(major, minor);
	return true;
}

static bool excludes(const struct wanted *w, const char *path)
{
	char *value = store_read(store_path("%s/physical-device", path));
	bool found;
	dev_t dev;

	found = parse_dev(value, &dev) && wants(w, dev);
	free(value);
	if (!found || w->access == ACCESS_WRITE)
		return found;
	value = store_read(store_path("%s/mode", path));
	found = value && access_of(value) == ACCESS_WRITE;
	free(value);
	return found;
}

static bool is_used_by(const struct wanted *w, const char *domain)
{
	char *base = store_path("%s/%s/%s", getenv("XENBUS_BASE_PATH"),
				getenv("XENBUS_TYPE"), domain);
	bool found = false;
	unsigned int i, n;
	char **devices = store_list(store_path("%s", base), &n), *path;

	for (i = 0; i < n && !found; i++) {
		path = store_path("%s/%s", base, devices[i]);
		found = excludes(w, path);
		free(path);
	}
	free(devices);
	free(base);
	return found && !is_same_vm(w->frontend, domain);
}

static bool is_used_by_guest(const struct wanted *w)
{
	bool found = false;
	unsigned int i, n;
	char **domains = store_list(store_path("%s/%s",
					       getenv("XENBUS_BASE_PATH"),
					       getenv("XENBUS_TYPE")), &n);

	for (i = 0; i < n && !found; i++)
		found = is_used_by(w, domains[i]);
	free(domains);
	return found;
}

enum user sharing_user(const dev_t *devs, size_t n, enum access access,
		       const char *frontend)
{
	struct wanted w = {
		.devs = devs,
		.n = n,
		.access = access,
		.frontend = frontend,
	};

	if (access == ACCESS_SHARED || !n)
		return USER_NONE;
	if (is_mounted(&w))
		return USER_DOM0;
	return is_used_by_guest(&w) ? USER_GUEST : USER_NONE;
}
