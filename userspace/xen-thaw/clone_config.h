/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The configuration of a guest as libxl's JSON, and how that of a clone differs from it.
 */
#ifndef XEN_THAW_CLONE_CONFIG_H
#define XEN_THAW_CLONE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clone_names.h"

/* Most of each that a clone may have. */
#define CLONE_NICS	32
#define CLONE_DISKS	32

struct json_object;

/**
 * struct clone_disk - a disk of the image's guest
 * @path: of its file or device in dom0; NULL: an empty drive
 * @vdev: as the guest calls it
 * @format: "raw", or another that libxl knows
 * @writable: the guest may write to it
 */
struct clone_disk {
	const char *path;
	const char *vdev;
	const char *format;
	bool writable;
};

/**
 * struct clone_config - the configuration that all clones have in common
 * @json: all of it
 * @name: of the image's guest, or NULL
 * @nr_nics: its interfaces
 * @disks: its disks
 * @nr_disks: in @disks
 * @genid: it has a generation ID
 * @emulated_nic: it has an interface that the device model emulates
 * @error: after a failure: the cause
 */
struct clone_config {
	struct json_object *json;
	const char *name;
	unsigned int nr_nics;
	struct clone_disk disks[CLONE_DISKS];
	unsigned int nr_disks;
	bool genid;
	bool emulated_nic;
	char error[256];
};

/**
 * struct clone_identity - what only one clone has
 * @name: of the domain
 * @uuid: of the domain
 * @macs: of its interfaces, in the order of the configuration
 * @genid: its generation ID
 * @paths: of its disks, where they differ; else NULL
 */
struct clone_identity {
	char name[CLONE_NAME_MAX];
	char uuid[CLONE_UUID_SIZE];
	uint8_t macs[CLONE_NICS][6];
	uint8_t genid[16];
	char *paths[CLONE_DISKS];
};

/**
 * clone_config_parse() - read a configuration
 * @c: filled in; clone_config_free() is due also after a failure
 * @text: libxl's JSON
 * @several: more than one guest is to have it
 *
 * What two guests cannot share is refused: devices that are passed through, TPMs,
 * sockets; and what nobody can copy: a writable disk in another domain.
 *
 * Return: 0, or -1 with @c->error set.
 */
int clone_config_parse(struct clone_config *c, const char *text, bool several);

void clone_config_free(struct clone_config *c);

/**
 * clone_config_make() - make the configuration of a clone
 * @c: parsed; is the same afterwards
 * @id: of the clone
 *
 * Names of interfaces in dom0 are left to libxl.
 *
 * Return: JSON for free(), or NULL without memory.
 */
char *clone_config_make(struct clone_config *c, const struct clone_identity *id);

#endif /* XEN_THAW_CLONE_CONFIG_H */
