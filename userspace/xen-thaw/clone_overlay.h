/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A writable disk of a clone: what the clone writes goes elsewhere, and the image of the
 * disk stays as it is. A file that shares its blocks with the image (FICLONE) is the best
 * way; else a device-mapper snapshot keeps what was written in a sparse file.
 */
#ifndef XEN_THAW_CLONE_OVERLAY_H
#define XEN_THAW_CLONE_OVERLAY_H

#include <limits.h>
#include <stdbool.h>

struct clone_disk;

/**
 * struct clone_overlay - an overlay of a disk
 * @base: image of the disk
 * @block: @base is a block device
 * @raw: the disk has the contents of @base as they are
 * @file: path of the file that is made
 * @name: of the device-mapper device, if one is needed
 */
struct clone_overlay {
	const char *base;
	bool block;
	bool raw;
	char file[PATH_MAX];
	char name[64];
};

/**
 * clone_overlay_plan() - choose names, without effect
 * @o: filled in
 * @disk: a writable disk
 * @uuid: of the clone
 * @index: of the disk
 *
 * Return: 0, or -1 after a message.
 */
int clone_overlay_plan(struct clone_overlay *o, const struct clone_disk *disk,
		       const char *uuid, unsigned int index);

/**
 * clone_overlay_make() - make an overlay
 * @o: planned
 * @path: out: what the clone uses as its disk
 *
 * Return: 0, or -1 after a message; then nothing is left.
 */
int clone_overlay_make(const struct clone_overlay *o, char path[PATH_MAX]);

/**
 * clone_overlay_remove() - remove an overlay, whatever there is of it
 * @text: as clone_overlay_text() made it
 *
 * Return: 0, or -1 after a message.
 */
int clone_overlay_remove(const char *text);

/**
 * clone_overlay_text() - describe an overlay for a record
 * @o: planned
 *
 * Return: a string for free(), or NULL without memory.
 */
char *clone_overlay_text(const struct clone_overlay *o);

#endif /* XEN_THAW_CLONE_OVERLAY_H */
