// SPDX-License-Identifier: GPL-2.0
/* Who runs our helper: all of libxl, this shell, libvirt; and who sets up devices. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "env.h"
#include "stock_path.h"

#define SCRIPTS		DOCTOR_ROOT "/etc/xen/scripts/"
#define PROFILE		DOCTOR_ROOT "/etc/apparmor.d/local/usr.sbin."

/* Names of libvirt's daemons that manage Xen's guests. */
static const char * const daemons[] = { "libvirtd", "virtxend" };

/* What libxl runs as its helper, where nobody sets LIBXL_SAVE_HELPER. */
enum enabled { NOT_ENABLED, PARTLY_ENABLED, ENABLED };

static enum enabled is_enabled(void)
{
	size_t i, ours = 0;
	enum enabled ret;
	glob_t list;

	stock_list(&list);
	for (i = 0; i < list.gl_pathc; i++)
		ours += stock_is_replaced(list.gl_pathv[i]);
	ret = !ours ? NOT_ENABLED :
	      ours < list.gl_pathc ? PARTLY_ENABLED : ENABLED;
	globfree(&list);
	return ret;
}

static bool is_ours(const char *path)
{
	const char *name = strrchr(path, '/');

	return !strcmp(name ? name + 1 : path, "xen-thaw-helper");
}

static void check_xl(struct doctor *d, enum enabled enabled)
{
	const char *named = env_libxl_helper();

	if (named && !is_ours(named)) {
		doctor_say(d, "xl", DOCTOR_TODO, ENV_LIBXL_HELPER "=%s", named);
		doctor_advise(d, "unset " ENV_LIBXL_HELPER);
	} else if (named && access(named, X_OK)) {
		doctor_say(d, "xl", DOCTOR_TODO, ENV_LIBXL_HELPER "=%s: %s",
			   named, strerror(errno));
		doctor_advise(d, "correct it: no save and no restore works");
	} else if (enabled == ENABLED) {
		doctor_say(d, "xl", DOCTOR_OK,
			   "runs xen-thaw-helper, in every environment");
	} else if (enabled == PARTLY_ENABLED) {
		doctor_say(d, "xl", DOCTOR_TODO,
			   "a helper of Xen was installed after xen-thaw enable");
		doctor_advise(d, "run xen-thaw enable once more");
	} else {
		doctor_say(d, "xl", DOCTOR_NOTE, "%s",
			   named ? "runs xen-thaw-helper from this shell, and not elsewhere" :
				   "runs the stock helper; xen-thaw restore does not");
		doctor_advise(d, "xen-thaw enable makes everybody use xen-thaw-helper");
	}
}

/* Return: the value of a variable in a list as /proc/PID/environ has it, or NULL. */
static const char *variable(const char *list, ssize_t len, const char *name)
{
	const char *end = list + len;

	for (; list < end; list += strlen(list) + 1)
		if (!strncmp(list, name, strlen(name)) &&
		    list[strlen(name)] == '=')
			return list + strlen(name) + 1;
	return NULL;
}

/* Whether libvirt's profiles as they come let the daemons run a helper. */
static bool is_allowed(const char *helper)
{
	char path[PATH_MAX], folder[PATH_MAX];

	if (!realpath(helper, path) ||
	    !realpath(DOCTOR_ROOT "/usr/libexec/xen/bin", folder))
		return false;
	*strrchr(path, '/') = '\0';
	return !strcmp(path, folder);
}

/* AppArmor follows links before it looks for a rule. */
static void check_apparmor(struct doctor *d, const char *pid,
			   const char *daemon)
{
	char path[PATH_MAX], text[4096];

	snprintf(path, sizeof(path), DOCTOR_ROOT "/proc/%s/attr/current", pid);
	if (doctor_read(path, text, sizeof(text)) < 0 ||
	    !strstr(text, "(enforce)"))
		return;
	snprintf(path, sizeof(path), PROFILE "%s", daemon);
	doctor_read(path, text, sizeof(text));
	if (strstr(text, "xen-thaw-helper") || is_allowed(d->helper)) {
		doctor_say(d, "apparmor", DOCTOR_OK,
			   "lets %s run xen-thaw-helper", daemon);
		return;
	}
	doctor_say(d, "apparmor", DOCTOR_TODO,
		   "does not let %s run xen-thaw-helper: no save and no restore works",
		   daemon);
	doctor_advise(d, "add its line to /etc/apparmor.d/local/usr.sbin.%s: docs/libvirt.md",
		      daemon);
}

static void check_daemon(struct doctor *d, const char *pid, const char *daemon,
			 enum enabled enabled)
{
	char path[PATH_MAX], *text = malloc(131072);
	const char *helper;
	ssize_t len;

	if (!text)
		return;
	snprintf(path, sizeof(path), DOCTOR_ROOT "/proc/%s/environ", pid);
	len = doctor_read(path, text, 131072);
	helper = len < 0 ? NULL : variable(text, len, ENV_LIBXL_HELPER);
	if (len < 0) {
		doctor_say(d, "libvirt", DOCTOR_NOTE, "%s: %s", path,
			   strerror(errno));
		doctor_advise(d, "run xen-thaw doctor as root");
	} else if (helper ? is_ours(helper) : enabled == ENABLED) {
		doctor_say(d, "libvirt", DOCTOR_OK,
			   "%s runs xen-thaw-helper", daemon);
		check_apparmor(d, pid, daemon);
	} else {
		doctor_say(d, "libvirt", DOCTOR_NOTE,
			   "%s runs %s", daemon,
			   helper ? helper : "the stock helper");
		doctor_advise(d, "docs/libvirt.md says how to change that");
	}
	free(text);
}

/* Looks at libvirt's daemons, if they run. */
static void check_libvirt(struct doctor *d, enum enabled enabled)
{
	DIR *proc = opendir(DOCTOR_ROOT "/proc");
	char path[PATH_MAX], comm[32];
	struct dirent *entry;
	size_t i;

	if (!proc)
		return;
	while ((entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), DOCTOR_ROOT "/proc/%s/comm",
			 entry->d_name);
		doctor_read(path, comm, sizeof(comm));
		for (i = 0; i < sizeof(daemons) / sizeof(daemons[0]); i++)
			if (!strcmp(comm, daemons[i]))
				check_daemon(d, entry->d_name, comm, enabled);
	}
	closedir(proc);
}

static bool is_hotplug(const char *script)
{
	char target[PATH_MAX];
	ssize_t len = readlink(script, target, sizeof(target) - 1);

	if (len < 0)
		return false;
	target[len] = '\0';
	return strstr(target, "xen-thaw-hotplug") && !access(script, X_OK);
}

static void check_hotplug(struct doctor *d)
{
	bool block = is_hotplug(SCRIPTS "block");
	bool vif = is_hotplug(SCRIPTS "vif-bridge");

	if (block && vif) {
		doctor_say(d, "hotplug", DOCTOR_OK,
			   "xen-thaw-hotplug sets up disks and interfaces");
		return;
	}
	doctor_say(d, "hotplug", DOCTOR_NOTE, "shell scripts set up %s",
		   block ? "interfaces" : vif ? "disks" :
		   "disks and interfaces, which takes longer than the memory");
	doctor_advise(d, "install the package xen-thaw-hotplug; or: make install-hotplug");
}

void doctor_check_users(struct doctor *d)
{
	enum enabled enabled = is_enabled();

	check_xl(d, enabled);
	check_libvirt(d, enabled);
	check_hotplug(d);
}
