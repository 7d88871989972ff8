// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "clone_config.h"

__attribute__((format(printf, 2, 3)))
static int fail(struct clone_config *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->error, sizeof(c->error), fmt, ap);
	va_end(ap);
	return -1;
}

static struct json_object *get(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	if (!json_object_is_type(o, json_type_object))
		return NULL;
	json_object_object_get_ex(o, key, &v);
	return v;
}

static const char *get_text(struct json_object *o, const char *key)
{
	struct json_object *v = get(o, key);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

/* Return: 0 also if it is no list. */
static size_t length(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

/* Each of these belongs to one guest. */
static int check_unshared(struct clone_config *c)
{
	static const struct {
		const char *key;
		const char *what;
	} lists[] = {
		{ "pcidevs", "a PCI device is passed through to it" },
		{ "dtdevs", "a device is passed through to it" },
		{ "usbdevs", "a USB device is passed through to it" },
		{ "vtpms", "it has a virtual TPM" },
	};
	struct json_object *channels = get(c->json, "channels");
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (length(get(c->json, lists[i].key)))
			return fail(c, "%s: two guests cannot share that: make one clone only",
				    lists[i].what);
	for (i = 0; i < length(channels); i++)
		if (get(json_object_array_get_idx(channels, i), "connection.socket"))
			return fail(c, "it has a channel with a socket: two guests cannot share that: make one clone only");
	return 0;
}

static int read_disk(struct clone_config *c, struct json_object *disk)
{
	struct clone_disk *d = &c->disks[c->nr_disks++];
	struct json_object *backend = get(disk, "backend_domid");

	d->path = get_text(disk, "pdev_path");
	d->vdev = get_text(disk, "vdev");
	d->format = get_text(disk, "format");
	if (!d->vdev)
		return fail(c, "a disk of the configuration has no vdev");
	if (!d->format)
		d->format = "raw";
	d->writable = d->path && d->path[0] && json_object_get_int(get(disk, "readwrite"));
	if (d->writable && (get_text(disk, "backend_domname") ||
			    (backend && json_object_get_int(backend))))
		return fail(c, "%s: a writable disk in another domain cannot be copied: make it read-only, or use --config",
			    d->vdev);
	return 0;
}

static int read_disks(struct clone_config *c)
{
	struct json_object *disks = get(c->json, "disks");
	size_t nr = length(disks), i;

	if (nr > CLONE_DISKS)
		return fail(c, "it has %zu disks: at most %d can be cloned", nr, CLONE_DISKS);
	for (i = 0; i < nr; i++)
		if (read_disk(c, json_object_array_get_idx(disks, i)))
			return -1;
	return 0;
}

static int read_nics(struct clone_config *c)
{
	struct json_object *nics = get(c->json, "nics");
	size_t nr = length(nics), i;

	if (nr > CLONE_NICS)
		return fail(c, "it has %zu interfaces: at most %d can be cloned", nr, CLONE_NICS);
	for (i = 0; i < nr; i++) {
		struct json_object *nic = json_object_array_get_idx(nics, i);
		const char *type = get_text(nic, "nictype");

		if (!json_object_is_type(nic, json_type_object))
			return fail(c, "an interface of the configuration is no object");
		c->emulated_nic |= type && !strcmp(type, "vif_ioemu");
	}
	c->nr_nics = (unsigned int)nr;
	return 0;
}

int clone_config_parse(struct clone_config *c, const char *text, bool several)
{
	struct json_object *info, *hvm;
	enum json_tokener_error err;

	memset(c, 0, sizeof(*c));
	c->json = json_tokener_parse_verbose(text, &err);
	if (!c->json)
		return fail(c, "the configuration is no JSON: %s", json_tokener_error_desc(err));
	info = get(c->json, "c_info");
	if (!json_object_is_type(info, json_type_object))
		return fail(c, "the configuration is not libxl's: it has no c_info");
	c->name = get_text(info, "name");
	hvm = get(get(c->json, "b_info"), "type.hvm");
	c->genid = length(get(hvm, "ms_vm_genid")) != 0;
	if (several && check_unshared(c))
		return -1;
	if (read_disks(c) || read_nics(c))
		return -1;
	c->emulated_nic = c->emulated_nic && hvm;
	return 0;
}

void clone_config_free(struct clone_config *c)
{
	json_object_put(c->json);
	c->json = NULL;
}

static void set_text(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value));
}

static void set_genid(struct json_object *o, const uint8_t genid[16])
{
	struct json_object *hvm = get(get(o, "b_info"), "type.hvm");
	struct json_object *list = json_object_new_array();
	int i;

	for (i = 0; i < 16; i++)
		json_object_array_add(list, json_object_new_int(genid[i]));
	json_object_object_add(hvm, "ms_vm_genid", list);
}

static void set_identity(const struct clone_config *c, struct json_object *o,
			 const struct clone_identity *id)
{
	struct json_object *info = get(o, "c_info");
	char mac[CLONE_MAC_SIZE];
	unsigned int i;

	set_text(info, "name", id->name);
	set_text(info, "uuid", id->uuid);
	json_object_object_del(info, "domid");
	for (i = 0; i < c->nr_nics; i++) {
		struct json_object *nic = json_object_array_get_idx(get(o, "nics"), i);

		clone_mac_print(id->macs[i], mac);
		set_text(nic, "mac", mac);
		json_object_object_del(nic, "ifname");
	}
	for (i = 0; i < c->nr_disks; i++)
		if (id->paths[i])
			set_text(json_object_array_get_idx(get(o, "disks"), i), "pdev_path",
				 id->paths[i]);
	if (c->genid)
		set_genid(o, id->genid);
}

char *clone_config_make(struct clone_config *c, const struct clone_identity *id)
{
	struct json_object *copy = NULL;
	char *text = NULL;

	if (json_object_deep_copy(c->json, &copy, NULL))
		return NULL;
	set_identity(c, copy, id);
	text = strdup(json_object_to_json_string(copy));
	json_object_put(copy);
	return text;
}
