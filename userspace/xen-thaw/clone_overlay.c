// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clone_config.h"
#include "clone_overlay.h"
#include "clone_snapshot.h"
#include "message.h"

/* Beside a block device nothing can be written. */
#ifndef CLONE_STORE
#define CLONE_STORE	"/var/lib/xen-thaw/overlays"
#endif

int clone_overlay_plan(struct clone_overlay *o, const struct clone_disk *disk,
		       const char *uuid, unsigned int index)
{
	struct stat st;
	int n;

	memset(o, 0, sizeof(*o));
	if (stat(disk->path, &st)) {
		message("%s: %s", disk->path, strerror(errno));
		return -1;
	}
	o->base = disk->path;
	o->block = S_ISBLK(st.st_mode);
	o->raw = !strcmp(disk->format, "raw");
	if (!o->block && !S_ISREG(st.st_mode)) {
		message("%s: neither a file nor a block device: the disk %s cannot have an overlay",
			o->base, disk->vdev);
		return -1;
	}
	snprintf(o->name, sizeof(o->name), "xen-thaw-%s-%u", uuid, index);
	if (o->block)
		n = snprintf(o->file, sizeof(o->file), CLONE_STORE "/%s-%u", uuid, index);
	else
		n = snprintf(o->file, sizeof(o->file), "%s.clone-%s-%u", o->base, uuid, index);
	if (n >= 0 && (size_t)n < sizeof(o->file))
		return 0;
	message("%s: its path is too long", o->base);
	return -1;
}

char *clone_overlay_text(const struct clone_overlay *o)
{
	char *text;

	return asprintf(&text, "%s:%s", o->name, o->file) < 0 ? NULL : text;
}

static bool is_unsupported(int err)
{
	return err == EOPNOTSUPP || err == ENOTTY || err == EXDEV || err == EINVAL || err == ENOSYS;
}

/* The file is new: who finds one of that name does not write to it. */
static int new_file(const struct clone_overlay *o)
{
	int fd;

	if (o->block && mkdir(CLONE_STORE, 0700) && errno != EEXIST) {
		message("cannot make the directory " CLONE_STORE ": %s", strerror(errno));
		return -1;
	}
	fd = open(o->file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		message("%s: %s", o->file, strerror(errno));
	return fd;
}

/* Return: 0; 1 where the filesystem cannot; -1 after a message. */
static int reflink(const struct clone_overlay *o, int fd)
{
	int from, ret = 0;

	if (o->block)
		return 1;
	from = open(o->base, O_RDONLY | O_CLOEXEC);
	if (from < 0) {
		message("%s: %s", o->base, strerror(errno));
		return -1;
	}
	if (ioctl(fd, FICLONE, from)) {
		ret = is_unsupported(errno) ? 1 : -1;
		if (ret < 0)
			message("%s: cannot share the blocks of %s: %s", o->file, o->base,
				strerror(errno));
	}
	close(from);
	return ret;
}

/* Return: 0, or -1 after a message. */
static int fill(const struct clone_overlay *o, int fd, char path[PATH_MAX])
{
	switch (reflink(o, fd)) {
	case 0:
		strcpy(path, o->file);
		return 0;
	case 1:
		break;
	default:
		return -1;
	}
	if (o->raw)
		return clone_snapshot_make(o->name, o->base, fd, path);
	message("%s: its filesystem cannot share blocks (as XFS and btrfs do), and only raw disks can have a snapshot: move it, or convert it to raw",
		o->base);
	return -1;
}

int clone_overlay_make(const struct clone_overlay *o, char path[PATH_MAX])
{
	int fd = new_file(o), ret;

	if (fd < 0)
		return -1;
	ret = fill(o, fd, path);
	close(fd);
	if (ret && unlink(o->file))
		message("cannot remove %s: %s", o->file, strerror(errno));
	return ret;
}

int clone_overlay_remove(const char *text)
{
	const char *colon = strchr(text, ':');
	char name[64];

	if (!colon || (size_t)(colon - text) >= sizeof(name)) {
		message("%s: no overlay", text);
		return -1;
	}
	memcpy(name, text, (size_t)(colon - text));
	name[colon - text] = '\0';
	if (clone_snapshot_remove(name))
		return -1;
	if (!unlink(colon + 1) || errno == ENOENT)
		return 0;
	message("cannot remove %s: %s", colon + 1, strerror(errno));
	return -1;
}
