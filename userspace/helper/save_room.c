// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "save_room.h"
#include "savefile.h"
#include "writer.h"

/* All that libxl writes before the libxc stream: 4.14 to 4.22. */
#define LIBXL_HEAD	(LIBXL_HEADER_SIZE + 8U)

/* Return: why the header cannot grow, or NULL. */
static const char *refusal(struct savefile *f, int fd, const char *name,
			   uint64_t start)
{
	uint64_t libxc;

	if (savefile_find(f, fd, name, &libxc))
		return f->stream.error;
	if (libxc != start || start != f->libxl + LIBXL_HEAD ||
	    start != f->stream.file_size)
		return "its headers do not end where the guest is to be saved";
	return NULL;
}

int save_make_room(int fd, const char *name, uint64_t *start, char *error,
		   size_t size)
{
	uint8_t moved[7 + LIBXL_HEAD] = { 0 };
	struct writer out;
	struct savefile f;
	uint32_t pad, room;
	const char *why = refusal(&f, fd, name, *start);

	if (why) {
		snprintf(error, size, "%s", why);
		return SAVE_NO_ROOM;
	}
	pad = (uint32_t)(-f.libxl % 8);
	if (!pad)
		return 0;
	if (stream_read(&f.stream, f.room, &room, sizeof(room), "header") ||
	    stream_read(&f.stream, f.libxl, moved + pad, LIBXL_HEAD,
			"libxl header")) {
		snprintf(error, size, "%s", f.stream.error);
		return SAVE_NO_ROOM;
	}
	if (le32toh(room) > UINT32_MAX - pad) {
		snprintf(error, size, "no room for padding");
		return SAVE_NO_ROOM;
	}
	room = htole32(le32toh(room) + pad);
	writer_init(&out, fd, name, error, size);
	if (writer_write(&out, f.libxl, moved, pad + LIBXL_HEAD) ||
	    writer_write(&out, f.room, &room, sizeof(room)))
		return -1;
	*start += pad;
	return 0;
}
