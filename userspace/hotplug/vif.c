// SPDX-License-Identifier: GPL-2.0

#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <linux/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hotplug.h"
#include "link.h"
#include "store.h"

/* The highest that no bridge takes for its own: _setup_bridge_port(). */
static const uint8_t port_address[] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };

/**
 * struct vif - the interface that is added to a bridge, or removed
 * @is_tap: it is the device model's end of an emulated card
 * @kernel_name: its name in the environment: vifDOMID.DEVID, or that and "-emu"
 * @name: the name that it is to have, or already has
 * @frontend: the frontend's directory in xenstore, relative to dom0's
 * @bridge: name of the bridge
 */
struct vif {
	bool is_tap;
	const char *kernel_name;
	char *name;
	char *frontend;
	char *bridge;
};

/* Return: whether the only arguments are a command and the type. */
static bool parse_type(const struct hotplug *call, bool *is_tap)
{
	char **arg;

	*is_tap = false;
	for (arg = call->argv + 1; *arg; arg++) {
		if (*arg == call->command)
			continue;
		if (!strcmp(*arg, "type_if=tap"))
			*is_tap = true;
		else if (strcmp(*arg, "type_if=vif"))
			return false;
	}
	return true;
}

/* Parse vifDOMID.DEVID, with "-emu" for a tap. */
static bool parse_name(const struct vif *vif, unsigned int *domid,
		       unsigned int *devid)
{
	char name[IFNAMSIZ];

	if (sscanf(vif->kernel_name, "vif%5u.%5u", domid, devid) != 2)
		return false;
	snprintf(name, sizeof(name), "vif%u.%u%s", *domid, *devid,
		 vif->is_tap ? "-emu" : "");
	return !strcmp(name, vif->kernel_name);
}

/* A tap is not in the environment of libxl: its name says whose it is. */
static void locate(const struct hotplug *call, struct vif *vif)
{
	unsigned int domid, devid;

	vif->kernel_name = getenv(vif->is_tap ? "INTERFACE" : "vif");
	if (!vif->kernel_name || !parse_name(vif, &domid, &devid))
		hand_over(call, "no name of an interface");
	if (vif->is_tap)
		setenv("XENBUS_PATH",
		       store_path("/local/domain/0/backend/vif/%u/%u", domid,
				  devid), 1);
	else if (!getenv("XENBUS_PATH"))
		hand_over(call, "XENBUS_PATH is not set");
	vif->frontend = store_path("/local/domain/%u/device/vif/%u", domid,
				   devid);
}

static void name_it(struct vif *vif)
{
	char *name = store_read(store_device("vifname"));

	if (!name || !*name)
		name = strdup(vif->kernel_name);
	else if (vif->is_tap)
		name = store_path("%s-emu", name);
	if (!name)
		fatal("out of memory");
	vif->name = name;
}

/*
 * handle_iptable() of vif-common.sh adds rules wherever iptables works. Debian
 * has switched it off, by a "return 0" in front.
 */
static bool stock_uses_iptables(const struct hotplug *call)
{
	char *path = beside_script(call, "vif-common", ".sh");
	FILE *f = fopen(path, "re");
	bool inside = false, used = true;
	char line[256], word[16];

	free(path);
	if (!f)
		return true;
	while (fgets(line, sizeof(line), f)) {
		if (!inside) {
			inside = !strncmp(line, "handle_iptable()", 16);
			continue;
		}
		if (sscanf(line, "%15s", word) != 1 || *word == '#' ||
		    *word == '{')
			continue;
		used = strcmp(word, "return");
		break;
	}
	fclose(f);
	return used;
}

static bool have_iptables(void)
{
	static const char * const dirs[] = {
		"/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin",
		"/usr/local/bin",
	};
	char path[64];
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		snprintf(path, sizeof(path), "%s/iptables", dirs[i]);
		if (!access(path, X_OK))
			return true;
	}
	return false;
}

/* call_hooks(): executable files in vif-post.d. */
static bool have_hooks(const struct hotplug *call)
{
	char *pattern = beside_script(call, "vif-post.d/*", ".hook");
	bool found = false;
	glob_t files;
	size_t i;

	if (!glob(pattern, 0, NULL, &files)) {
		for (i = 0; i < files.gl_pathc; i++)
			found |= !access(files.gl_pathv[i], X_OK);
		globfree(&files);
	}
	free(pattern);
	return found;
}

static char *setting(const char *key)
{
	char *value = store_read(store_device(key));
	const char *env = getenv(key);

	if (!value && env)
		value = strdup(env);
	return value;
}

/* Hand over what only the stock script can do. */
static void check_known(const struct hotplug *call, struct vif *vif,
			struct link *bridge)
{
	char path[sizeof("/sys/class/net//bridge") + IFNAMSIZ];
	char *ip = setting("ip");

	if (ip && *ip)
		hand_over(call, "the interface has IP addresses");
	free(ip);
	if (have_iptables() && stock_uses_iptables(call))
		hand_over(call, "the stock script sets rules of iptables");
	if (have_hooks(call))
		hand_over(call, "there are hooks in vif-post.d");
	vif->bridge = setting("bridge");
	if (!vif->bridge || !*vif->bridge ||
	    strlen(vif->bridge) >= IFNAMSIZ || strchr(vif->bridge, '/'))
		hand_over(call, "no name of a bridge");
	snprintf(path, sizeof(path), "/sys/class/net/%s/bridge", vif->bridge);
	if (access(path, F_OK) || link_get(vif->bridge, bridge))
		hand_over(call, "%s is not a bridge of the kernel",
			  vif->bridge);
}

static void must(int error, const struct vif *vif, const char *what)
{
	if (error)
		fatal("%s: cannot %s: %s", vif->name, what, strerror(-error));
}

/* For what the scripts do not insist on. */
static void may(int error, const struct vif *vif, const char *what)
{
	if (error)
		note("%s: cannot %s: %s", vif->name, what, strerror(-error));
}

static void rename_it(const struct vif *vif, uint32_t index)
{
	struct link other;

	if (!strcmp(vif->name, vif->kernel_name))
		return;
	if (strlen(vif->name) >= IFNAMSIZ)
		fatal("cannot rename %s to %s: a name has at most %d bytes",
		      vif->kernel_name, vif->name, IFNAMSIZ - 1);
	if (!link_get(vif->name, &other))
		fatal("cannot rename %s: there is an interface %s already",
		      vif->kernel_name, vif->name);
	must(link_set_name(index, vif->name), vif, "rename it to that");
}

static void set_mtu(const struct vif *vif, uint32_t index,
		    const struct link *bridge)
{
	char *value = store_read(store_device("mtu")), *end;
	unsigned long mtu = bridge->mtu;
	char text[16];
	struct store_entry entry = { .value = text };

	if (value && *value) {
		mtu = strtoul(value, &end, 10);
		if (*end || mtu > INT32_MAX)
			fatal("%s: mtu is \"%s\" in xenstore", vif->name,
			      value);
	}
	free(value);
	if (!mtu)
		return;
	may(link_set_mtu(index, mtu), vif, "set the MTU");
	if (vif->is_tap)
		return;
	snprintf(text, sizeof(text), "%lu", mtu);
	entry.path = store_path("%s/mtu", vif->frontend);
	if (!store_update(&entry, 1))
		fatal("cannot write %s to xenstore: %s", entry.path,
		      strerror(errno));
	free((char *)entry.path);
}

static void connect_port(struct vif *vif, const struct link *bridge)
{
	struct store_entry entry = { .value = "connected" };
	struct link link;

	must(link_get(vif->kernel_name, &link), vif, "find it");
	/* Neither a name nor an address changes while it is up. */
	if (link.up)
		must(link_set_up(link.index, false), vif, "set it down");
	rename_it(vif, link.index);
	may(link_set_address(link.index, port_address), vif,
	    "set its address");
	must(link_flush_addresses(link.index), vif, "remove its IP addresses");
	set_mtu(vif, link.index, bridge);
	if (link.master != bridge->index)
		must(link_set_master(link.index, bridge->index), vif,
		     "add it to the bridge");
	must(link_set_up(link.index, true), vif, "set it up");
	if (vif->is_tap)
		return;
	entry.path = store_device("hotplug-status");
	if (!store_update(&entry, 1))
		fatal("cannot write to xenstore: %s", strerror(errno));
	free((char *)entry.path);
}

/* It may be gone: the frontend's end takes the interface along. */
static void disconnect_port(const struct vif *vif, const struct link *bridge)
{
	struct link link;
	int error = link_get(vif->name, &link);

	may(error, vif, "find it");
	if (error)
		return;
	may(link_set_up(link.index, false), vif, "set it down");
	if (link.master == bridge->index)
		may(link_set_master(link.index, 0), vif,
		    "remove it from the bridge");
}

void vif_script(const struct hotplug *call)
{
	const char *command = call->command;
	bool on_vif = !strcmp(command, "online") || !strcmp(command, "offline");
	bool on_tap = !strcmp(command, "add") || !strcmp(command, "remove");
	struct link bridge;
	struct vif vif = { 0 };

	if ((!on_vif && !on_tap) || !parse_type(call, &vif.is_tap))
		hand_over(call, "arguments");
	/* Each kind has commands of its own, and ignores the others. */
	if (vif.is_tap != on_tap)
		return;
	locate(call, &vif);
	check_known(call, &vif, &bridge);
	name_it(&vif);
	if (!strcmp(command, "online") || !strcmp(command, "add"))
		connect_port(&vif, &bridge);
	else
		disconnect_port(&vif, &bridge);
	free(vif.name);
	free(vif.frontend);
	free(vif.bridge);
}
