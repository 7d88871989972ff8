/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A new file that appears under its name when it is whole, or not at all.
 */
#ifndef XEN_THAW_NEWFILE_H
#define XEN_THAW_NEWFILE_H

#include <stdbool.h>
#include <limits.h>
#include <sys/stat.h>

/**
 * struct newfile - a file in the making
 * @fd: open for reading and writing
 * @path: that it is to get
 * @force: it replaces a file of that name
 * @dir: its directory
 * @temp: its path while it is made; empty where it has none
 * @error: after a failure: the cause, without the path
 */
struct newfile {
	int fd;
	const char *path;
	bool force;
	int dir;
	char temp[PATH_MAX];
	char error[192];
};

/**
 * newfile_open() - begin
 * @o: filled in
 * @path: of the new file
 * @force: replace what is there, if it is a regular file
 * @in: a file that is never replaced, or NULL
 *
 * The file has no name where the filesystem allows that (O_TMPFILE), else one
 * that begins with ".xen-thaw."; a signal that ends the process removes it.
 *
 * Return: 0, or -1 with @o->error set.
 */
int newfile_open(struct newfile *o, const char *path, bool force,
		 const struct stat *in);

/**
 * newfile_commit() - write it to the disk, and give it its name
 * @o: the file; closed
 * @in: whose owner and permissions it gets; those of its owner alone where it
 *	cannot have that owner, or where @in is NULL
 *
 * Return: 0 when the file and its name are on disk. Else -1 with @o->error set,
 * no new file, and the old one still there where @o->force would have replaced it.
 * There is one exception: the name comes before its directory is written to the
 * disk. Where that fails, the new file is removed; but it stays, whole, if it has
 * replaced another file or cannot be removed. @o->error says which of both.
 */
int newfile_commit(struct newfile *o, const struct stat *in);

/**
 * newfile_abort() - give it up
 * @o: the file; closed
 */
void newfile_abort(struct newfile *o);

#endif /* XEN_THAW_NEWFILE_H */
