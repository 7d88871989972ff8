/* SPDX-License-Identifier: GPL-2.0 */
/* What xen-thaw info shows of a save file. */
#ifndef XEN_THAW_INFO_H
#define XEN_THAW_INFO_H

#include <stdbool.h>
#include <stdint.h>

#include "savefile.h"

/* Records are counted by type; optional ones together, and unknown ones together. */
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
 * @bytes: that they take in the file, with headers and padding
 */
struct info_count {
	uint64_t nr;
	uint64_t bytes;
};

/**
 * struct info - what is known of a save file
 * @file: the file, opened
 * @name: of the guest; NULL if the file does not say
 * @uuid: of the guest, likewise
 * @type: "pv", "hvm" or "pvh"; "hvm/pvh" if the file does not say
 * @vcpus: 0 if the file does not say
 * @memory_kib: that the guest had, likewise
 * @max_memory_kib: that the guest could have had, likewise
 * @libxc: records of the libxc stream
 * @libxl: records of the libxl stream around it
 * @types: entries of PAGE_DATA, by type
 * @data_pages: of them, those with data
 * @aligned_pages: of them, those whose data starts at a page of the file
 * @packed: xen-thaw packed it, and finished: it has an index
 * @sums: it has checksums of its pages
 * @truncated_save: a save through xen-thaw-helper began it, and did not finish
 * @planned: the stream is sound, and the members below are known
 * @pages: guest pages
 * @known_zero: of them, those known to be zero without reading data: they have
 *	none, or it is in holes of the file
 * @zero: of them, those that are zero; known if @data_read
 * @data_read: the pages' data was read
 * @disk_bytes: that the file takes on disk; 0 for a block device
 * @fast: the fast path takes the file
 * @refusal: why not, if the stream is sound
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
 * info_gather() - read all that is shown of a save file
 * @info: filled in; call info_free() also after a failure
 * @fd: the file
 * @name: for messages
 * @read_data: also read the pages, to find the zero ones
 *
 * Return: 0; 1 with the error of @info->file set if the file is damaged, but some
 * of it can be shown; -1 likewise if it is not a save file at all.
 */
int info_gather(struct info *info, int fd, const char *name, bool read_data);

/**
 * info_free() - release the memory
 * @info: the file; stays open
 */
void info_free(struct info *info);

/**
 * info_packed() - whether a file is packed, in words
 * @info: of the file
 */
const char *info_packed(const struct info *info);

/**
 * info_libxc_name() - name of a type of records of the libxc stream
 * @type: index into @libxc of struct info
 */
const char *info_libxc_name(unsigned int type);

/**
 * info_libxl_name() - name of a type of records of the libxl stream
 * @type: index into @libxl of struct info
 */
const char *info_libxl_name(unsigned int type);

/**
 * info_page_type_name() - name of a type of pages
 * @type: index into @types of struct info
 */
const char *info_page_type_name(unsigned int type);

#endif /* XEN_THAW_INFO_H */
