// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/fs.h>

#include "newfile.h"

/* Tests have a filesystem that does not know it. */
#ifndef UNNAMED
#define UNNAMED		O_TMPFILE
#endif

/* For the signal handler: the temporary file's path; empty: none. */
static char temp_path[PATH_MAX];

static const int signals[] = { SIGHUP, SIGINT, SIGTERM };

#define NR_SIGNALS	(sizeof(signals) / sizeof(signals[0]))

__attribute__((format(printf, 2, 3)))
static int fail(struct newfile *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(o->error, sizeof(o->error), fmt, ap);
	va_end(ap);
	return -1;
}

static void remove_and_die(int sig)
{
	unlink(temp_path);
	/* SA_RESETHAND: now it has its default action. */
	raise(sig);
}

static void on_signals(void (*handler)(int sig))
{
	struct sigaction action = { .sa_handler = handler }, old;
	size_t i;

	action.sa_flags = SA_RESETHAND;
	for (i = 0; i < NR_SIGNALS; i++) {
		if (!sigaction(signals[i], NULL, &old) &&
		    old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

/* The directory of a path, in @dir. */
static void split(const char *path, char dir[PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		strcpy(dir, ".");
	else if (slash == path)
		strcpy(dir, "/");
	else
		snprintf(dir, PATH_MAX, "%.*s", (int)(slash - path), path);
}

static int check_path(struct newfile *o, const struct stat *in)
{
	struct stat st;

	/* Or it would be found when all is written. */
	if (!o->path[0])
		return fail(o, "%s", strerror(ENOENT));
	if (lstat(o->path, &st))
		return errno == ENOENT ? 0 : fail(o, "%s", strerror(errno));
	if (in && st.st_dev == in->st_dev && st.st_ino == in->st_ino)
		return fail(o, "it is the file to be packed");
	if (!S_ISREG(st.st_mode))
		return fail(o, "it exists, and is not a regular file");
	if (!o->force)
		return fail(o, "it exists: use --force to replace it");
	return 0;
}

static int open_named(struct newfile *o, const char *dir)
{
	if (snprintf(o->temp, sizeof(o->temp), "%s/.xen-thaw.XXXXXX", dir) >=
	    (int)sizeof(o->temp)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	o->fd = mkostemp(o->temp, O_CLOEXEC);
	if (o->fd < 0)
		return -1;
	strcpy(temp_path, o->temp);
	on_signals(remove_and_die);
	return 0;
}

int newfile_open(struct newfile *o, const char *path, bool force,
		 const struct stat *in)
{
	char dir[PATH_MAX];

	memset(o, 0, sizeof(*o));
	o->path = path;
	o->force = force;
	o->fd = -1;
	o->dir = -1;
	if (strlen(path) >= PATH_MAX)
		return fail(o, "%s", strerror(ENAMETOOLONG));
	if (check_path(o, in))
		return -1;

	split(path, dir);
	o->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o->dir < 0)
		return fail(o, "%s", strerror(errno));
	o->fd = open(dir, UNNAMED | O_RDWR | O_CLOEXEC, 0600);
	if (o->fd < 0 && open_named(o, dir)) {
		fail(o, "%s", strerror(errno));
		close(o->dir);
		return -1;
	}
	return 0;
}

/* Links the file that has no name. */
static int link_it(struct newfile *o, const char *path)
{
	char fd[32];

	snprintf(fd, sizeof(fd), "/proc/self/fd/%d", o->fd);
	return linkat(AT_FDCWD, fd, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

/* Gives a name beside the last one to the file that has none. */
static int link_temp(struct newfile *o)
{
	char dir[PATH_MAX];
	unsigned int i;

	split(o->path, dir);
	for (i = 0; i < 100; i++) {
		if (snprintf(o->temp, sizeof(o->temp), "%s/.xen-thaw.%d.%u",
			     dir, (int)getpid(), i) >= (int)sizeof(o->temp)) {
			errno = ENAMETOOLONG;
			break;
		}
		if (!link_it(o, o->temp))
			return 0;
		if (errno != EEXIST)
			break;
	}
	o->temp[0] = '\0';
	return -1;
}

/* Not every filesystem has both ways to rename, and not to replace. */
static int rename_new(struct newfile *o)
{
	/* By its number: musl has no function for it. */
	if (!syscall(SYS_renameat2, AT_FDCWD, o->temp, AT_FDCWD, o->path,
		     RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL)
		return -1;
	if (link(o->temp, o->path))
		return -1;
	unlink(o->temp);
	return 0;
}

/* Sets whether a file of that name was replaced. */
static int name_it(struct newfile *o, bool *replaced)
{
	*replaced = false;
	if (o->temp[0] ? rename_new(o) : link_it(o, o->path)) {
		if (!o->force)
			return -1;
		*replaced = errno == EEXIST;
		if (!o->temp[0] && link_temp(o))
			return -1;
		if (rename(o->temp, o->path))
			return -1;
	}
	o->temp[0] = '\0';
	return 0;
}

/*
 * Who may read the one may read the other, and nobody else. A device says
 * nothing about what is on it.
 */
static int set_owner(struct newfile *o, const struct stat *in)
{
	mode_t mode;

	if (!in)
		return fchmod(o->fd, 0600);
	mode = in->st_mode & 0666;
	if (!S_ISREG(in->st_mode) || fchown(o->fd, in->st_uid, in->st_gid))
		mode &= 0600;
	return fchmod(o->fd, mode);
}

/* A name is on disk only when its directory is. */
static int sync_name(struct newfile *o, bool replaced)
{
	const char *left = "";
	int err;

	/* Not every filesystem can, or has to. */
	if (!fsync(o->dir) || errno == EINVAL)
		return 0;
	err = errno;
	if (replaced)
		left = ": it has replaced the old file, which may be back after a crash";
	else if (unlink(o->path))
		left = ": it is there, but may be gone after a crash";
	return fail(o, "cannot write its directory to the disk: %s%s",
		    strerror(err), left);
}

int newfile_commit(struct newfile *o, const struct stat *in)
{
	bool replaced;
	int ret = 0;

	if (set_owner(o, in) || fsync(o->fd) || name_it(o, &replaced))
		ret = fail(o, "%s", strerror(errno));
	else
		ret = sync_name(o, replaced);
	newfile_abort(o);
	return ret;
}

void newfile_abort(struct newfile *o)
{
	close(o->fd);
	close(o->dir);
	if (o->temp[0])
		unlink(o->temp);
	if (temp_path[0])
		on_signals(SIG_DFL);
	temp_path[0] = '\0';
}
