// SPDX-License-Identifier: GPL-2.0

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hotplug.h"
#include "lock.h"

/* LOCK_BASEDIR of locking.sh. Tests have another one. */
#ifndef LOCK_DIR
#define LOCK_DIR	"/var/run/xen-hotplug"
#endif

static int lock_fd = -1;
static char *lock_path;

/* Whoever releases the lock removes the file: ours may be an old one. */
static bool still_there(void)
{
	struct stat ours, there;

	return !fstat(lock_fd, &ours) && !stat(lock_path, &there) &&
	       ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

static void take(void)
{
	lock_fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY,
		       0644);
	if (lock_fd < 0)
		fatal("cannot open %s: %s", lock_path, strerror(errno));
	while (flock(lock_fd, LOCK_EX))
		if (errno != EINTR)
			fatal("cannot lock %s: %s", lock_path, strerror(errno));
}

void lock_claim(const char *name)
{
	if (mkdir(LOCK_DIR, 0755) && errno != EEXIST)
		fatal("cannot make " LOCK_DIR ": %s", strerror(errno));
	if (asprintf(&lock_path, LOCK_DIR "/%s", name) < 0)
		fatal("out of memory");
	for (take(); !still_there(); take())
		close(lock_fd);
}

void lock_release(void)
{
	if (lock_fd < 0)
		return;
	unlink(lock_path);
	close(lock_fd);
	lock_fd = -1;
	free(lock_path);
}
