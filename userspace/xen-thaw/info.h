/* SPDX-License-Identifier: GPL-2.0 */
/* What xen-thaw info tells about a save file. */
#ifndef XEN_THAW_INFO_H
#define XEN_THAW_INFO_H

#include <stdbool.h>
#include <stdint.h>

#include "savefile.h"

/* Records are counted by type, all optional and all unknown ones together. */
enum {
	INFO_LIBXC_OPTIONAL	= REC_X86_MSR_POLICY + 1,
	INFO_LIBXC_UNKNOWN,
	INFO_LIBXC_TYPES,
	INFO_LIBXL_UNKNOWN	= LIBXL_REC_CHECKPOINT_STATE + 1,
	INFO_LIBXL_TYPES,
};

/**
 * struct info_count - records of a type
 * @nr: records
 * @bytes: of them in the file, headers and padding among them
 */
struct info_count {
	uint64_t nr;
	uint64_t bytes;
};

/**
 * struct info - what is known of a save file
 * @file: the file, opened
 * @name: of the guest; NULL where the file does not tell
 * @uuid: of the guest, likewise
 * @type: "pv", "hvm" or "pvh"; "hvm/pvh" where the file does not tell
 * @vcpus: 0 where the file does not tell
 * @memory_kib: that the guest had, likewise
 * @max_memory_kib: that the guest could have had, likewise
 * @libxc: records of the libxc stream
 * @libxl: records of the libxl stream, but for the libxc stream
 * @types: entries of PAGE_DATA, by type
 * @data_pages: of them, those with data
 * @aligned_pages: of them, those whose data starts at a page of the file
 * @packed: xen-thaw packed it, and finished: it has an index
 * @sums: it has checksums of its pages
 * @truncated_save: a save through xen-thaw-helper began it, and did not finish
 * @planned: the members below are known: the stream is sound
 * @pages: guest pages
 * @known_zero: of them, zero without a look at data: they have none, or it
 *	lies in holes of the file
 * @zero: of them, zero; known if @data_read
 * @data_read: the pages' data was read
 * @disk_bytes: that the file takes on disk; 0 for a block device
 * @fast: the fast path takes the file
 * @refusal: why not, where the stream is sound
 * @why: room for @refusal
 */
struct info {
	struct savefile file;
	char *name;
	char *uuid;
	char *type;
	uint64_t vcpus;
	uint64_t memory_kib;
	uint64_t max_memory_kib;
	struct info_count libxc[INFO_LIBXC_TYPES];
	struct info_count libxl[INFO_LIBXL_TYPES];
	uint64_t types[16];
	uint64_t data_pages;
	uint64_t aligned_pages;
	bool packed;
	bool sums;
	bool truncated_save;
	bool planned;
	uint64_t pages;
	uint64_t known_zero;
	uint64_t zero;
	bool data_read;
	uint64_t disk_bytes;
	bool fast;
	const char *refusal;
	char why[sizeof(((struct stream *)0)->error)];
};

/**
 * info_gather() - learn all about a save file
 * @info: filled in; info_free() is due also after a failure
 * @fd: the file
 * @name: for messages
 * @read_data: read all of the pages, too, to find the zero ones
 *
 * Return: 0; 1 with the error of @info->file set after a failure that leaves
 * something to tell; -1 likewise, when the file is no save file at all.
 */
int info_gather(struct info *info, int fd, const char *name, bool read_data);
void info_free(struct info *info);

/**
 * info_packed() - whether a file is packed, in words
 * @info: of the file
 */
const char *info_packed(const struct info *info);

const char *info_libxc_name(unsigned int type);
const char *info_libxl_name(unsigned int type);
const char *info_page_type_name(unsigned int type);

#endif /* XEN_THAW_INFO_H */
