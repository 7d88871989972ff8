/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What lies around the libxc stream in a save file: the toolstack's header with
 * the guest's configuration (xl's or libvirt's), and the libxl stream (Xen's
 * docs/specs/libxl-migration-stream.pandoc).
 */
#ifndef XEN_THAW_SAVEFILE_H
#define XEN_THAW_SAVEFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream.h"

/* Record types of the libxl stream. */
enum libxl_rec_type {
	LIBXL_REC_END			= 0,
	LIBXL_REC_LIBXC_CONTEXT		= 1,
	LIBXL_REC_EMULATOR_XENSTORE_DATA = 2,
	LIBXL_REC_EMULATOR_CONTEXT	= 3,
	LIBXL_REC_CHECKPOINT_END	= 4,
	LIBXL_REC_CHECKPOINT_STATE	= 5,
};

/* Bytes from the start of a libxl stream to its first record. */
#define LIBXL_HEADER_SIZE	16U

/* Bit of the libxl stream's options: converted from the format of Xen 4.5. */
#define LIBXL_OPT_LEGACY	2U

/* Who wrote the file. */
enum savefile_toolstack {
	SAVEFILE_XL,
	SAVEFILE_LIBVIRT,
};

/**
 * struct savefile - a save file
 * @stream: the libxc stream; its error is that of all functions here
 * @toolstack: who wrote the file
 * @flags: mandatory flags of xl's header
 * @room: offset of the header's word that says how many bytes are between the
 *	header and the libxl stream
 * @config: offset of the configuration
 * @config_len: bytes of it, with its final NUL; 0 if there is none
 * @config_json: it is libxl's JSON
 * @libxl: offset of the libxl stream
 * @libxl_version: of the libxl stream
 * @libxl_options: of the libxl stream
 */
struct savefile {
	struct stream stream;
	enum savefile_toolstack toolstack;
	uint32_t flags;
	uint64_t room;
	uint64_t config;
	uint32_t config_len;
	bool config_json;
	uint64_t libxl;
	uint32_t libxl_version;
	uint32_t libxl_options;
};

/**
 * savefile_find() - find the place of the libxc stream in a save file
 * @f: filled in, but for what the libxc stream says
 * @fd: a regular file or block device open for reading
 * @name: for messages
 * @offset: where the libxc stream is, or will be
 *
 * Return: 0, or -1 with @f->stream.error set.
 */
int savefile_find(struct savefile *f, int fd, const char *name,
		  uint64_t *offset);

/**
 * savefile_open() - find the libxc stream in a save file, and open it
 * @f: filled in
 * @fd: a regular file or block device open for reading
 * @name: for messages
 *
 * Return: 0, or -1 with @f->stream.error set.
 */
int savefile_open(struct savefile *f, int fd, const char *name);

/**
 * savefile_config() - read the configuration
 * @f: the file
 *
 * Return: @f->config_len bytes and a NUL, for free(); or NULL with
 * @f->stream.error set, also if the file has no configuration.
 */
char *savefile_config(struct savefile *f);

/**
 * savefile_xl_head() - what xl writes in front of the libxl stream
 * @json: libxl's JSON of the configuration
 * @size: filled in: bytes of it, a multiple of 8
 *
 * Return: the bytes, for free(); or NULL without memory.
 */
void *savefile_xl_head(const char *json, size_t *size);

/**
 * savefile_next() - read the header of a record of the libxl stream
 * @f: the file
 * @offset: of the header; set to that of the next one
 * @rec: filled in
 *
 * For the records behind the libxc stream @offset starts just behind the END
 * record of that.
 *
 * Return: 0, or -1 with @f->stream.error set.
 */
int savefile_next(struct savefile *f, uint64_t *offset,
		  struct stream_record *rec);

/**
 * savefile_check_tail() - check that no record behind the libxc stream is truncated
 * @s: the libxc stream; of its members only fd, file_size and error are used
 * @offset: just behind its END record
 *
 * libxl does not check this: it takes the end of the file for an END record, and
 * if a body is truncated, it uses whatever is in memory for the rest.
 *
 * Return: 0, or -1 with @s->error set.
 */
int savefile_check_tail(struct stream *s, uint64_t offset);

/**
 * savefile_rec_name() - name of a record type of the libxl stream
 * @type: LIBXL_REC_*, or any other value
 *
 * Return: as in the format's document, "unknown" for others.
 */
const char *savefile_rec_name(uint32_t type);

#endif /* XEN_THAW_SAVEFILE_H */
