// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clone_snapshot.h"
#include "message.h"

extern char **environ;

#define SECTOR		512U
/* Sectors of a chunk: what is copied at once. */
#define CHUNK		"8"
/* The store has a list of its chunks, too. */
#define STORE_EXTRA	(UINT64_C(16) << 20)

/* Somebody else may take the device that is free now. */
#define LOOP_TRIES	20

/* Return: 0, or -1 after a message. */
static int dmsetup(const char *argv[])
{
	int status, err;
	pid_t pid;

	err = posix_spawnp(&pid, argv[0], NULL, NULL, (char **)argv, environ);
	if (err) {
		message("cannot run dmsetup: %s: install it, or keep disks on a filesystem that can share blocks (XFS, btrfs)",
			strerror(err));
		return -1;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	if (status)
		message("dmsetup %s failed: its own message above is the cause", argv[1]);
	return status ? -1 : 0;
}

static int open_free_loop(char node[32], int flags)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), number, fd;

	if (control < 0)
		return -1;
	number = ioctl(control, LOOP_CTL_GET_FREE);
	close(control);
	if (number < 0)
		return -1;
	snprintf(node, 32, "/dev/loop%d", number);
	fd = open(node, flags | O_CLOEXEC);
	return fd;
}

/* Goes away when the descriptor is closed, and the snapshot with it. Return: -1 with errno. */
static int attach(int file, bool writable, char node[32])
{
	const struct loop_config config = {
		.fd = (__u32)file,
		.info.lo_flags = LO_FLAGS_AUTOCLEAR | (writable ? 0 : LO_FLAGS_READ_ONLY),
	};
	int tries, fd, err;

	for (tries = 0; tries < LOOP_TRIES; tries++) {
		fd = open_free_loop(node, writable ? O_RDWR : O_RDONLY);
		if (fd < 0)
			return -1;
		if (!ioctl(fd, LOOP_CONFIGURE, &config))
			return fd;
		err = errno;
		close(fd);
		errno = err;
		if (err != EBUSY)
			return -1;
	}
	return -1;
}

/* A block device is its own node. Return: a descriptor, or -1 after a message. */
static int open_base(const char *base, char node[PATH_MAX])
{
	int fd = open(base, O_RDONLY | O_CLOEXEC), loop = -1;
	char name[32];
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st) && S_ISBLK(st.st_mode)) {
		snprintf(node, PATH_MAX, "%s", base);
		return fd;
	}
	if (fd >= 0) {
		loop = attach(fd, false, name);
		snprintf(node, PATH_MAX, "%s", name);
	}
	if (loop < 0)
		message("%s: cannot make a loop device: %s", base, strerror(errno));
	if (fd >= 0)
		close(fd);
	return loop;
}

/* A device of sysfs, such as dm-3. */
static bool has_name(const char *device, const char *name)
{
	char path[300], text[128] = "";
	bool same;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/block/%.200s/dm/name", device);
	f = fopen(path, "re");
	if (!f)
		return false;
	same = fgets(text, sizeof(text), f);
	fclose(f);
	text[strcspn(text, "\n")] = '\0';
	same = same && !strcmp(text, name);
	return same;
}

/* Without udev, there may be no node below /dev/mapper. Return: whether it is there. */
static bool find_device(const char *name, char path[PATH_MAX])
{
	DIR *d = opendir("/sys/block");
	const struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d))) {
		found = !strncmp(e->d_name, "dm-", 3) && has_name(e->d_name, name);
		snprintf(path, PATH_MAX, "/dev/%s", e->d_name);
	}
	if (d)
		closedir(d);
	return found;
}

static int create(const char *name, const char *origin, int origin_fd, int store,
		  char path[PATH_MAX])
{
	char node[32], table[PATH_MAX + 128];
	const char *argv[6] = { "dmsetup", "create", name, "--table", table, NULL };
	uint64_t size = 0;
	int fd, ret;

	if (ioctl(origin_fd, BLKGETSIZE64, &size) ||
	    ftruncate(store, (off_t)(size + size / 64 + STORE_EXTRA))) {
		message("%s: %s", origin, strerror(errno));
		return -1;
	}
	fd = attach(store, true, node);
	if (fd < 0) {
		message("cannot make a loop device for what a clone writes: %s", strerror(errno));
		return -1;
	}
	snprintf(table, sizeof(table), "0 %" PRIu64 " snapshot %s %s N " CHUNK, size / SECTOR,
		 origin, node);
	ret = dmsetup(argv);
	close(fd);
	if (!ret && !find_device(name, path)) {
		message("%s: dmsetup made it, and it is not there", name);
		ret = -1;
	}
	return ret;
}

int clone_snapshot_make(const char *name, const char *base, int store, char path[PATH_MAX])
{
	char origin[PATH_MAX];
	int fd = open_base(base, origin), ret;

	if (fd < 0)
		return -1;
	ret = create(name, origin, fd, store, path);
	close(fd);
	return ret;
}

int clone_snapshot_remove(const char *name)
{
	char path[PATH_MAX];
	/* A backend that is about to let go of it, or udev, may hold it for a moment. */
	const char *argv[5] = { "dmsetup", "remove", "--retry", name, NULL };

	return find_device(name, path) ? dmsetup(argv) : 0;
}
