// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "doctor.h"

/* Return: a member that is a text which is not empty, or NULL. */
static const char *text_of(struct json_object *from, const char *key)
{
	struct json_object *value;
	const char *text;

	if (!json_object_object_get_ex(from, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	text = json_object_get_string(value);
	return text[0] ? text : NULL;
}

/* Return: whether another domain than dom0 provides a device. */
static bool is_elsewhere(struct json_object *device)
{
	struct json_object *domid;

	return text_of(device, "backend_domname") ||
	       (json_object_object_get_ex(device, "backend_domid", &domid) &&
		json_object_get_int64(domid) > 0);
}

/* A script makes the disk of whatever its text means. */
static void check_disk(struct doctor *d, struct json_object *disk)
{
	const char *path = text_of(disk, "pdev_path");
	const char *vdev = text_of(disk, "vdev");
	struct stat st;

	if (!path || text_of(disk, "script") || is_elsewhere(disk))
		return;
	if (!vdev)
		vdev = "disk";
	if (stat(path, &st)) {
		doctor_say(d, "disk", DOCTOR_TODO, "%s: %s: %s", vdev, path,
			   strerror(errno));
		doctor_advise(d, "put it there, or restore with a configuration that names another");
	} else if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
		doctor_say(d, "disk", DOCTOR_TODO,
			   "%s: %s: neither a file nor a block device", vdev,
			   path);
		doctor_advise(d, "restore with a configuration that names another");
	} else {
		doctor_say(d, "disk", DOCTOR_OK, "%s: %s", vdev, path);
	}
}

static void check_nic(struct doctor *d, struct json_object *nic)
{
	const char *bridge = text_of(nic, "bridge");
	char path[128];

	if (!bridge || is_elsewhere(nic))
		return;
	/* A name with a slash is no bridge either. */
	snprintf(path, sizeof(path), DOCTOR_ROOT "/sys/class/net/%.64s/bridge",
		 bridge);
	if (strchr(bridge, '/') || access(path, F_OK)) {
		doctor_say(d, "bridge", DOCTOR_TODO,
			   "there is no bridge %s for an interface", bridge);
		doctor_advise(d, "make it: ip link add NAME type bridge; or restore with a configuration that names another");
	} else {
		doctor_say(d, "bridge", DOCTOR_OK, "%s", bridge);
	}
}

static void for_each(struct doctor *d, struct json_object *config,
		     const char *key, void (*check)(struct doctor *d,
						    struct json_object *device))
{
	struct json_object *list;
	size_t i;

	if (!json_object_object_get_ex(config, key, &list) ||
	    !json_object_is_type(list, json_type_array))
		return;
	for (i = 0; i < json_object_array_length(list); i++)
		check(d, json_object_array_get_idx(list, i));
}

/* Keys are libxl's: libxl_types.idl, domain_config. */
void doctor_check_devices(struct doctor *d, const char *config)
{
	struct json_object *top = json_tokener_parse(config);

	for_each(d, top, "disks", check_disk);
	for_each(d, top, "nics", check_nic);
	json_object_put(top);
}
