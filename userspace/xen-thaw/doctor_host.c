// SPDX-License-Identifier: GPL-2.0
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "doctor.h"
#include "env.h"
#include "host.h"
#include "output.h"
#include "stock_path.h"

#define HYPERVISOR	DOCTOR_ROOT "/sys/hypervisor/"
#define CAPABILITIES	DOCTOR_ROOT "/proc/xen/capabilities"

/* The oldest Xen whose saves and helper we know: docs/design.md. */
#define OLDEST_MINOR	14

static void check_xen(struct doctor *d)
{
	int major = stock_xen_version("major");
	int minor = stock_xen_version("minor");
	char extra[32];

	if (major < 0 || minor < 0) {
		doctor_say(d, "xen", DOCTOR_TODO,
			   "this machine does not run under Xen");
		doctor_advise(d, "install Xen (on Debian: xen-system-amd64), and boot it");
		return;
	}
	doctor_read(HYPERVISOR "version/extra", extra, sizeof(extra));
	if (major < 4 || (major == 4 && minor < OLDEST_MINOR)) {
		doctor_say(d, "xen", DOCTOR_TODO, "Xen %d.%d%s is too old",
			   major, minor, extra);
		doctor_advise(d, "use Xen 4.%d or later", OLDEST_MINOR);
		return;
	}
	doctor_say(d, "xen", DOCTOR_OK, "Xen %d.%d%s", major, minor, extra);
}

static void check_dom0(struct doctor *d)
{
	char text[256], kind[16];

	doctor_read(HYPERVISOR "guest_type", kind, sizeof(kind));
	if (doctor_read(CAPABILITIES, text, sizeof(text)) < 0) {
		doctor_say(d, "dom0", DOCTOR_TODO, "/proc/xen/capabilities: %s",
			   strerror(errno));
		doctor_advise(d, "in dom0: modprobe xenfs; mount -t xenfs none /proc/xen");
	} else if (!strstr(text, "control_d")) {
		doctor_say(d, "dom0", DOCTOR_TODO, "this is a guest");
		doctor_advise(d, "xen-thaw belongs into dom0");
	} else {
		doctor_say(d, "dom0", DOCTOR_OK, "dom0%s%s",
			   kind[0] ? ", as a guest of type " : "", kind);
	}
}

static void check_linux(struct doctor *d)
{
	unsigned int major = 0, minor = 0;
	struct utsname uts;

	uname(&uts);
	if (sscanf(uts.release, "%u.%u", &major, &minor) == 2 &&
	    (major < 6 || (major == 6 && minor < 1))) {
		doctor_say(d, "linux", DOCTOR_TODO, "Linux %s is too old",
			   uts.release);
		doctor_advise(d, "use Linux 6.1 or later; without the module, restores take longer");
		return;
	}
	doctor_say(d, "linux", DOCTOR_OK, "Linux %s", uts.release);
}

static void check_helper(struct doctor *d)
{
	char path[PATH_MAX], *name;

	if (host_find("xen-thaw-helper", X_OK, "install xen-thaw", path)) {
		doctor_say(d, "helper", DOCTOR_TODO,
			   "xen-thaw-helper is not installed");
		doctor_advise(d, "install xen-thaw anew");
		return;
	}
	doctor_say(d, "helper", DOCTOR_OK, "%s", path);
	strcpy(d->helper, path);
	name = strrchr(path, '/') + 1;
	strcpy(name, "xen-thaw-pv.so");
	if (!access(path, R_OK))
		return;
	doctor_say(d, "pv", DOCTOR_TODO, "%s: %s: PV guests are restored by the stock helper",
		   path, strerror(errno));
	doctor_advise(d, "install xen-thaw anew");
}

static void check_stock(struct doctor *d)
{
	int major = stock_xen_version("major");
	int minor = stock_xen_version("minor");
	const char *path = stock_find();
	char versioned[32];

	d->stock = path;
	snprintf(versioned, sizeof(versioned), "/xen-%d.%d/", major, minor);
	if (!path) {
		doctor_say(d, "stock", DOCTOR_TODO,
			   "Xen's own libxl-save-helper is not found");
		doctor_advise(d, "install Xen's tools, or set " ENV_STOCK);
	} else if (strstr(path, "/xen-") && !strstr(path, versioned)) {
		doctor_say(d, "stock", DOCTOR_TODO,
			   "%s is not of the running Xen", path);
		doctor_advise(d, "install the tools of Xen %d.%d, or boot the Xen of the tools",
			      major, minor);
	} else {
		doctor_say(d, "stock", DOCTOR_OK, "%s", path);
	}
}

#define LIBXENCTRL	"libxenctrl.so."

/* Return: the version in the name of the libxenctrl that a plugin brought along. */
static const char *libxenctrl_version(void *object)
{
	void *symbol = dlsym(object, "xc_interface_open");
	const char *name;
	Dl_info info;

	if (!symbol || !dladdr(symbol, &info))
		return "?";
	name = strstr(info.dli_fname, LIBXENCTRL);
	return name ? name + strlen(LIBXENCTRL) : "?";
}

/* Only dump uses the plugin, and only this command dies if it fits badly. */
static void check_plugin(struct doctor *d)
{
	char path[PATH_MAX], xen[16];
	const char *version;
	void *object;

	if (host_find("xen-thaw-dump.so", R_OK, "install xen-thaw", path)) {
		doctor_say(d, "plugin", DOCTOR_TODO,
			   "xen-thaw-dump.so is not installed: no xen-thaw dump");
		doctor_advise(d, "install xen-thaw anew");
		return;
	}
	object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!object) {
		doctor_say(d, "plugin", DOCTOR_TODO, "no xen-thaw dump: %s",
			   dlerror());
		doctor_advise(d, "install the xen-thaw that was built for this Xen");
		return;
	}
	version = libxenctrl_version(object);
	snprintf(xen, sizeof(xen), "%d.%d", stock_xen_version("major"),
		 stock_xen_version("minor"));
	if (xen[0] == '-') {
		doctor_say(d, "plugin", DOCTOR_NOTE, "%s, of Xen %s", path,
			   version);
	} else if (!strncmp(version, xen, strlen(xen)) &&
	    (!version[strlen(xen)] || version[strlen(xen)] == '.')) {
		doctor_say(d, "plugin", DOCTOR_OK, "%s, of Xen %s", path, xen);
	} else {
		doctor_say(d, "plugin", DOCTOR_TODO,
			   "no xen-thaw dump: %s uses the libraries of Xen %s",
			   path, version);
		doctor_advise(d, "install the xen-thaw that was built for this Xen");
	}
}

static void check_memory(struct doctor *d)
{
	uint64_t bytes = mem_available();
	struct size_text size;

	doctor_say(d, "memory", DOCTOR_OK,
		   "%s of dom0's memory can hold save files",
		   output_size(&size, bytes));
}

void doctor_check_host(struct doctor *d)
{
	check_xen(d);
	check_dom0(d);
	check_linux(d);
	check_memory(d);
	check_helper(d);
	check_stock(d);
	check_plugin(d);
}
