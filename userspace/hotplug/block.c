// SPDX-License-Identifier: GPL-2.0

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "hotplug.h"
#include "lock.h"
#include "loop.h"
#include "sharing.h"
#include "store.h"

#define LOCK	"block"

/* As XenbusStateInitWait in xenstore: the backend waits for us. */
#define INIT_WAIT	"2"

/* Others may be faster, but hardly more often than this in a row. */
#define LOOP_TRIES	64

/* Tell the backend which device it shows. Return: as store_update(). */
static bool connect_device(const char *path, dev_t dev)
{
	char number[32];
	struct store_entry entries[] = {
		{ store_device("physical-device"), number },
		{ store_device("physical-device-path"), path },
		{ store_device("hotplug-status"), "connected" },
	};

	snprintf(number, sizeof(number), "%x:%x", major(dev), minor(dev));
	return store_update(entries, 3);
}

static void refuse_shared(const char *what, const char *path,
			  enum access access, enum user user)
{
	bool write = access == ACCESS_WRITE;

	if (user == USER_NONE)
		return;
	busy("%s %s is %s%s, so a guest cannot %s it%s", what, path,
	     user == USER_DOM0 ? "mounted in this domain" : "used by a guest",
	     write ? "" : " to write to it", write ? "use" : "read",
	     write ? " to write to it" : "");
}

static void add_device(const char *path, enum access access,
		       const char *frontend)
{
	char *dev = NULL;
	struct stat st;

	/* Only a last component that is a link is resolved. */
	if (!lstat(path, &st) && S_ISLNK(st.st_mode))
		dev = realpath(path, NULL);
	else
		dev = strdup(path);
	if (!dev || stat(dev, &st))
		fatal("%s: %s", path, strerror(errno));
	if (!S_ISBLK(st.st_mode))
		fatal("%s is not a block device", dev);
	lock_claim(LOCK);
	refuse_shared("device", dev, access,
		      sharing_user(&st.st_rdev, 1, access, frontend));
	if (!connect_device(dev, st.st_rdev))
		fatal("cannot write to xenstore: %s", strerror(errno));
	lock_release();
	free(dev);
}

static void __attribute__((noreturn)) no_loop(const char *path, int error)
{
	bool no_module = error == -ENOENT || error == -ENODEV;

	fatal("no free loop device for %s: /dev/loop-control: %s%s", path,
	      strerror(-error), no_module ? "; try: modprobe loop" : "");
}

/*
 * Name a loop device in xenstore, then attach the file to it. A process that is
 * killed at any point leaves no loop device that "remove" does not find.
 *
 * Return: 0, or a negative errno.
 */
static int attach(int fd, const char *path, bool writable, struct loop *loop)
{
	struct store_entry entry = { store_device("node"), loop->node };
	bool named = false;
	int tries, error;

	for (tries = 0; tries < LOOP_TRIES; tries++) {
		error = loop_find_free(loop);
		if (error) {
			if (named)
				store_remove("node");
			no_loop(path, error);
		}
		named = store_update(&entry, 1);
		if (!named) {
			error = -errno;
			break;
		}
		error = loop_attach(loop, fd, path, writable);
		if (error != -EBUSY && error != -ENXIO)
			break;
	}
	if (error && named)
		store_remove("node");
	free((char *)entry.path);
	return error;
}

/* Avoid a race with the end of the domain, or with a timeout of libxl. */
static void need_init_wait(void)
{
	char *state = store_read(store_device("state"));

	if (!state || strcmp(state, INIT_WAIT))
		fatal("the disk was removed while it was added: state of %s is %s",
		      getenv("XENBUS_PATH"), state ? state : "missing");
	free(state);
}

static void refuse_used_file(const char *path, const struct stat *st,
			     enum access access, const char *frontend)
{
	dev_t *loops;
	size_t n;

	if (access == ACCESS_SHARED)
		return;
	loops = loop_list_of(st->st_dev, st->st_ino, &n);
	refuse_shared("file", path, access,
		      sharing_user(loops, n, access, frontend));
	free(loops);
}

static void add_loop(int fd, const char *path, bool writable)
{
	struct loop loop;
	int error = attach(fd, path, writable, &loop);

	if (error)
		fatal("cannot attach %s to a loop device: %s", path,
		      strerror(-error));
	if (connect_device(loop.node, loop.dev))
		return;
	error = errno;
	loop_detach(loop.node);
	fatal("cannot write to xenstore: %s", strerror(error));
}

static void add_file(const struct hotplug *call, const char *params,
		     enum access access, const char *frontend)
{
	char *path = realpath(params, NULL);
	bool writable = access != ACCESS_READ;
	struct stat st;
	int fd;

	if (!path)
		fatal("%s: %s", params, strerror(errno));
	lock_claim(LOCK);
	need_init_wait();
	fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st))
		hand_over(call, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		hand_over(call, "%s is not a file any more", path);
	/* Root may write to any file; its mode says what is meant. */
	if (access == ACCESS_WRITE && !(st.st_mode & 0222))
		busy("file %s is read-only, so a guest cannot use it to write to it",
		     path);
	refuse_used_file(path, &st, access, frontend);
	add_loop(fd, path, writable);
	lock_release();
	close(fd);
	free(path);
}

static void add(const struct hotplug *call, const char *params,
		const struct stat *st)
{
	char *mode = store_need("mode"), *frontend;
	enum access access = access_of(mode);

	free(mode);
	/* It may be called twice. */
	if (store_read(store_device("physical-device")))
		return;
	frontend = store_need("frontend-id");
	if (S_ISBLK(st->st_mode))
		add_device(params, access, frontend);
	else
		add_file(call, params, access, frontend);
	free(frontend);
}

/*
 * The path is written after the file was attached. With "node" alone, the
 * process that wrote it was stopped: perhaps before it attached the file.
 */
static bool is_ours(const char *node, const char *params)
{
	char *path = store_read(store_device("physical-device-path"));
	bool ours = path && !strcmp(path, node);

	free(path);
	return ours || loop_is_attached_to(node, params);
}

/* Also if the file has another name now, or none: the device knows it. */
static void remove_file(const struct hotplug *call, const char *params)
{
	char *node;
	int error;

	lock_claim(LOCK);
	node = store_read(store_device("node"));
	if (node && strncmp(node, "/dev/loop", 9))
		hand_over(call, "%s is not a loop device", node);
	if (node && is_ours(node, params)) {
		error = loop_detach(node);
		if (error)
			fatal("cannot detach %s from %s: %s", params, node,
			      strerror(-error));
	}
	lock_release();
	free(node);
}

void block_script(const struct hotplug *call)
{
	bool adding = !strcmp(call->command, "add");
	struct stat st = { 0 };
	char *params;

	if (!call->argv[1] || call->argv[2] ||
	    (!adding && strcmp(call->command, "remove")))
		hand_over(call, "arguments");
	if (!getenv("XENBUS_PATH") || !getenv("XENBUS_TYPE") ||
	    !getenv("XENBUS_BASE_PATH"))
		hand_over(call, "XENBUS_* is not set");
	params = store_need("params");
	if (*params != '/')
		hand_over(call, "%s is not an absolute path", params);
	if (stat(params, &st) && (adding || errno != ENOENT))
		hand_over(call, "%s: %s", params, strerror(errno));
	if (st.st_mode && !S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode))
		hand_over(call, "%s is neither a file nor a block device",
			  params);
	if (adding)
		add(call, params, &st);
	else if (!S_ISBLK(st.st_mode))
		remove_file(call, params);
	free(params);
}
