/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What xen-thaw adds to save files: optional records of the libxc stream, which
 * stock skips. docs/format.md describes them byte by byte. All little-endian.
 */
#ifndef XEN_THAW_FORMAT_H
#define XEN_THAW_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

/* Record types: bit 31, and "Thw" in ASCII above a number. */
enum thaw_rec_type {
	REC_THAW_PADDING	= 0xd4687700U,
};

/**
 * thaw_record() - whether a record is one of these
 * @type: of the record
 */
static inline bool thaw_record(uint32_t type)
{
	return type == REC_THAW_PADDING;
}

#endif /* XEN_THAW_FORMAT_H */
