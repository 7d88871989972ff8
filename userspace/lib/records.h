/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The records of the libxc stream: which types there are, and what each means to
 * a restore, a packer, a verifier and to info. The types are those of Xen's
 * docs/specs/libxc-migration-stream.pandoc, and our own (format.h).
 */
#ifndef XEN_THAW_RECORDS_H
#define XEN_THAW_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

/* Record types (libxc-migration-stream.pandoc, "Record"). */
enum stream_rec_type {
	REC_END			= 0x00,
	REC_PAGE_DATA		= 0x01,
	REC_X86_PV_INFO		= 0x02,
	REC_X86_PV_P2M_FRAMES	= 0x03,
	REC_X86_PV_VCPU_BASIC	= 0x04,
	REC_X86_PV_VCPU_EXTENDED = 0x05,
	REC_X86_PV_VCPU_XSAVE	= 0x06,
	REC_SHARED_INFO		= 0x07,
	REC_X86_TSC_INFO	= 0x08,
	REC_HVM_CONTEXT		= 0x09,
	REC_HVM_PARAMS		= 0x0a,
	REC_TOOLSTACK		= 0x0b,
	REC_X86_PV_VCPU_MSRS	= 0x0c,
	REC_VERIFY		= 0x0d,
	REC_CHECKPOINT		= 0x0e,
	REC_CHECKPOINT_DIRTY_PFN_LIST = 0x0f,
	REC_STATIC_DATA_END	= 0x10,
	REC_X86_CPUID_POLICY	= 0x11,
	REC_X86_MSR_POLICY	= 0x12,
};

/* A reader that does not know a record with this bit may skip it. */
#define REC_OPTIONAL		0x80000000U

/* The longest body that stock takes: REC_LENGTH_MAX of xg_sr_stream_format.h. */
#define REC_LENGTH_MAX		(128U << 20)

/* Bytes of a record's header: its type and its length. */
#define RECORD_HEADER_SIZE	8U

/**
 * enum record_kind - what a record is to whoever reads a stream
 * @RECORD_STATE: state of the guest for the stock helper; copied as it is
 * @RECORD_PAGES: PAGE_DATA
 * @RECORD_STATIC_END: from here on page data may follow
 * @RECORD_PARAMS: HVM_PARAMS: the stock helper clears pages, so that no page data
 *	may follow
 * @RECORD_END: the last record
 * @RECORD_LIVE: of a migration or a checkpoint, never of a saved guest
 * @RECORD_THAW: one that xen-thaw adds, of this version
 * @RECORD_THAW_LATER: one that a later xen-thaw adds
 * @RECORD_SKIP: optional, of a type that is not known
 * @RECORD_UNKNOWN: mandatory, of a type that is not known
 */
enum record_kind {
	RECORD_STATE,
	RECORD_PAGES,
	RECORD_STATIC_END,
	RECORD_PARAMS,
	RECORD_END,
	RECORD_LIVE,
	RECORD_THAW,
	RECORD_THAW_LATER,
	RECORD_SKIP,
	RECORD_UNKNOWN,
};

/* Types of guests, in @guests of struct record_rule. */
#define RECORD_OF_PV	1U
#define RECORD_OF_HVM	2U	/* and PVH */

/**
 * struct record_rule - a mandatory type of record
 * @name: as the format's document has it
 * @kind: what it is
 * @guests: RECORD_OF_*: whose saved image may have it
 * @min: the shortest body
 * @step: lengths go up by so many bytes; 0: @min is the only length
 * @once: there may be only one
 * @after: a type that has to come before, as the stock reader has it; END: none
 *
 * Lengths and order are those that xg_sr_restore*.c of Xen's tools/libs/guest
 * checks.
 */
struct record_rule {
	const char *name;
	enum record_kind kind;
	uint8_t guests;
	bool once;
	uint8_t after;
	uint16_t min;
	uint16_t step;
};

/**
 * record_rule() - find the rule of a mandatory type
 * @type: of the record
 *
 * Return: the rule, or NULL for types that are optional or not known.
 */
const struct record_rule *record_rule(uint32_t type);

/**
 * record_kind() - what a record is
 * @type: of the record
 */
enum record_kind record_kind(uint32_t type);

/**
 * record_name() - name of a record type
 * @type: REC_*, or any other value
 *
 * Return: as in the format's document; "optional" or "unknown" for others.
 */
const char *record_name(uint32_t type);

/* Start of the body of X86_PV_INFO (xg_sr_stream_format.h). */
struct record_pv_info {
	uint8_t guest_width;
	uint8_t pt_levels;
	uint8_t reserved[6];
};

/* Start of the body of X86_PV_P2M_FRAMES; the pfns of the p2m's frames follow. */
struct record_p2m_frames {
	uint32_t start_pfn;
	uint32_t end_pfn;
};

#endif /* XEN_THAW_RECORDS_H */
