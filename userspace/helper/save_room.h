/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XEN_THAW_SAVE_ROOM_H
#define XEN_THAW_SAVE_ROOM_H

#include <stddef.h>
#include <stdint.h>

/* What save_make_room() says of a file that is saved in the plain form. */
#define SAVE_NO_ROOM	1

/**
 * save_make_room() - make the libxc stream begin at a multiple of 8
 * @fd: a file that ends where the libxc stream is to begin; open for reading and
 *	writing
 * @name: for messages
 * @start: offset where it is to begin; may grow by up to 7
 * @error: filled in with one line, unless 0 is returned
 * @size: of @error
 *
 * Records keep the alignment of their stream. xl's header has optional data, of
 * which xl skips the rest; libvirt's XML ends at its first NUL. Either grows, and
 * what libxl wrote behind it moves.
 *
 * Return: 0; SAVE_NO_ROOM if the header cannot grow: nothing was changed; -1 if
 * the file could not be written.
 */
int save_make_room(int fd, const char *name, uint64_t *start, char *error,
		   size_t size);

#endif /* XEN_THAW_SAVE_ROOM_H */
