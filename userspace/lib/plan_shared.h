/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A plan that is made once for many restores of one file. xen-thaw clone makes it, and
 * leaves it in sealed memory; each helper reads it from there, and does not scan.
 */
#ifndef XEN_THAW_PLAN_SHARED_H
#define XEN_THAW_PLAN_SHARED_H

#include <sys/stat.h>

#include "plan.h"

/**
 * plan_for_restore() - all that is known of a restore before the domain is touched
 * @p: filled in; plan_free() is due also after a failure
 * @s: an open stream, at its first record
 *
 * As plan_build(). The libxl records behind the stream are checked, too; what the stock
 * helper fills in a PV guest is taken out, and zero pages are left to Xen.
 *
 * Return: as plan_build().
 */
int plan_for_restore(struct plan *p, struct stream *s);

/**
 * plan_share() - write a plan for others to take
 * @p: by plan_for_restore()
 * @s: its stream
 * @st: state of the file from before the stream was opened
 *
 * Return: a descriptor of sealed memory, or -1 with errno set.
 */
int plan_share(const struct plan *p, const struct stream *s,
	       const struct stat *st);

/**
 * plan_take() - read a plan that another process made
 * @p: filled in; plan_free() is due
 * @s: the stream, just opened
 * @path: of the memory that plan_share() returned
 * @st: state of the file
 *
 * The memory has to be sealed, and of the user that runs this process. The plan has to be
 * of this very file, unchanged, and of this stream in it.
 *
 * Return: 0; or -1 with @s->error set: then @p is empty, and nothing stops a scan.
 */
int plan_take(struct plan *p, struct stream *s, const char *path,
	      const struct stat *st);

#endif /* XEN_THAW_PLAN_SHARED_H */
