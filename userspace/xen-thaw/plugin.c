// SPDX-License-Identifier: GPL-2.0
#include <dlfcn.h>
#include <unistd.h>

#include "host.h"
#include "message.h"
#include "plugin.h"

const void *plugin_load(const char *file, const char *symbol)
{
	char path[PATH_MAX];
	const void *address;
	void *object;

	if (host_find(file, R_OK, "rebuild and reinstall xen-thaw", path))
		return NULL;
	object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	address = object ? dlsym(object, symbol) : NULL;
	if (!address)
		message("cannot load %s: rebuild and reinstall xen-thaw for the Xen that is here: %s",
			path, dlerror());
	return address;
}
