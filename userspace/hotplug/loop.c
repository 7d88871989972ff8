// SPDX-License-Identifier: GPL-2.0

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "hotplug.h"
#include "loop.h"

#define SYSFS_BLOCK	"/sys/block"
#define DELETED		" (deleted)"

static int open_loop(const char *node, int flags)
{
	return open(node, flags | O_CLOEXEC | O_NOCTTY);
}

int loop_find_free(struct loop *loop)
{
	int fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int number, error;
	struct stat st;

	if (fd < 0)
		return -errno;
	number = ioctl(fd, LOOP_CTL_GET_FREE);
	error = -errno;
	close(fd);
	if (number < 0)
		return error;
	snprintf(loop->node, sizeof(loop->node), "/dev/loop%d", number);
	if (stat(loop->node, &st) || !S_ISBLK(st.st_mode))
		return -ENOTBLK;
	loop->dev = st.st_rdev;
	return 0;
}

int loop_attach(const struct loop *loop, int fd, const char *path,
		bool writable)
{
	struct loop_config config = {
		.fd = fd,
		.info.lo_flags = writable ? 0 : LO_FLAGS_READ_ONLY,
	};
	int loop_fd = open_loop(loop->node, writable ? O_RDWR : O_RDONLY);
	int error;

	if (loop_fd < 0)
		return -errno;
	/* losetup shortens a name that is too long in the same way. */
	snprintf((char *)config.info.lo_file_name, LO_NAME_SIZE, "%s", path);
	error = ioctl(loop_fd, LOOP_CONFIGURE, &config) ? -errno : 0;
	close(loop_fd);
	return error;
}

/*
 * With a second descriptor the kernel frees the device when the last one is
 * closed. With one, Linux 6.1 waits 10 ms for RCU in the ioctl, and so would
 * all other scripts, as we have the lock.
 */
int loop_detach(const char *node)
{
	int fd = open_loop(node, O_RDONLY), second, error;

	if (fd < 0)
		return -errno;
	second = open_loop(node, O_RDONLY);
	error = ioctl(fd, LOOP_CLR_FD) ? -errno : 0;
	if (second >= 0)
		close(second);
	close(fd);
	return error;
}

static bool get_status(const char *node, struct loop_info64 *info)
{
	int fd = open_loop(node, O_RDONLY);
	bool ok;

	if (fd < 0)
		return false;
	ok = !ioctl(fd, LOOP_GET_STATUS64, info);
	close(fd);
	return ok;
}

/* Return: the file's present name, as the kernel knows it. */
static bool backing_file(const char *node, char *name, size_t size)
{
	char path[64];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), SYSFS_BLOCK "/%.16s/loop/backing_file",
		 node + strlen("/dev/"));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, name, size - 1);
	close(fd);
	if (len <= 0)
		return false;
	name[name[len - 1] == '\n' ? len - 1 : len] = '\0';
	return true;
}

bool loop_is_attached_to(const char *node, const char *path)
{
	char name[4096 + sizeof(DELETED)], *end;
	struct loop_info64 info;
	struct stat st;

	if (!stat(path, &st) && get_status(node, &info) &&
	    info.lo_device == st.st_dev && info.lo_inode == st.st_ino)
		return true;
	if (!backing_file(node, name, sizeof(name)))
		return false;
	end = name + strlen(name) - strlen(DELETED);
	if (end > name && !strcmp(end, DELETED))
		*end = '\0';
	return !strcmp(name, path);
}

/* Whether sysfs says that a file is attached; saves opening all others. */
static bool has_file(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), SYSFS_BLOCK "/%.16s/loop", name);
	return !access(path, F_OK);
}

dev_t *loop_list_of(dev_t dev, ino_t ino, size_t *n)
{
	DIR *dir = opendir(SYSFS_BLOCK);
	struct loop_info64 info;
	dev_t *list = NULL;
	struct dirent *e;
	char node[32];
	struct stat st;

	*n = 0;
	if (!dir)
		fatal("cannot list " SYSFS_BLOCK ": %s", strerror(errno));
	while ((e = readdir(dir))) {
		if (strncmp(e->d_name, "loop", 4) || !has_file(e->d_name))
			continue;
		snprintf(node, sizeof(node), "/dev/%.16s", e->d_name);
		if (!get_status(node, &info) || info.lo_device != dev ||
		    info.lo_inode != ino || stat(node, &st))
			continue;
		list = reallocarray(list, *n + 1, sizeof(*list));
		if (!list)
			fatal("out of memory");
		list[(*n)++] = st.st_rdev;
	}
	closedir(dir);
	return list;
}
