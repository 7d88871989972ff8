// SPDX-License-Identifier: GPL-2.0
#include "bad.h"
#include "savefile.h"

/*
 * The columns are name, where, from, offset, value and error. The record at
 * FROM_PAGES lists three pfns. Its count is at offset 8 and its list at 16, so the
 * types are at 20, 28 and 36. Its length is 8 + 24 + 12288.
 */
const struct bad bad_images[] = {
	{ "xl_magic", BAD_FILE, FROM_FILE, 0, 0, "neither xl's nor libvirt's" },
	{ "xl_byteorder", BAD_FILE, FROM_FILE, 32, 0x04030201,
	  "byte order 0x4030201" },
	{ "xl_flags", BAD_FILE, FROM_FILE, 36, 7, "unknown mandatory flags 0x4" },
	{ "xl_legacy", BAD_FILE, FROM_FILE, 36, 1, "Xen 4.5 or older" },
	{ "xl_optional_data_huge", BAD_FILE, FROM_FILE, 44, 0xffffffff,
	  "4294967295 bytes of optional data" },
	{ "xl_optional_data_short", BAD_FILE, FROM_FILE, 44, 3,
	  "3 bytes of optional data" },
	{ "xl_config_huge", BAD_FILE, FROM_FILE, 48, 0xffffffff,
	  "config of 4294967295 bytes" },
	{ "libxl_ident", BAD_FILE, FROM_LIBXL, 0, 0, "no libxl stream" },
	{ "libxl_version", BAD_FILE, FROM_LIBXL, 8, 0x03000000,
	  "libxl stream of version 3" },
	{ "libxl_big_endian", BAD_FILE, FROM_LIBXL, 12, 0x01000000,
	  "big-endian libxl stream" },
	{ "libxl_no_context", BAD_FILE, FROM_CONTEXT, 0, 0,
	  "without LIBXC_CONTEXT" },
	{ "libxl_record_huge", BAD_FILE, FROM_CONTEXT, 4, 0xffffffff,
	  "LIBXC_CONTEXT (0x1) of 4294967295 bytes" },
	{ "libxc_marker", BAD_OPEN, FROM_LIBXC, 0, 0xfffffffe, "no libxc stream" },
	{ "libxc_id", BAD_OPEN, FROM_LIBXC, 8, 0, "id 0 is not 0x58454e46" },
	{ "libxc_version_1", BAD_OPEN, FROM_LIBXC, 12, 0x01000000,
	  "libxc stream of version 1" },
	{ "libxc_version_4", BAD_OPEN, FROM_LIBXC, 12, 0x04000000,
	  "libxc stream of version 4" },
	{ "libxc_big_endian", BAD_OPEN, FROM_LIBXC, 16, 0x00000100,
	  "big-endian libxc stream" },
	{ "guest_type_0", BAD_OPEN, FROM_LIBXC, 24, 0, "unknown guest type 0" },
	{ "guest_type_3", BAD_OPEN, FROM_LIBXC, 24, 3, "unknown guest type 3" },
	{ "page_shift", BAD_OPEN, FROM_LIBXC, 28, 13, "page shift 13 is not 12" },
	{ "record_over_limit", BAD_PLAN, FROM_TAIL, 4, 0x08000001,
	  "of 134217729 bytes, the limit is 134217728" },
	{ "record_huge", BAD_PLAN, FROM_TAIL, 4, 0xffffffff,
	  "of 4294967295 bytes, the limit is" },
	{ "record_over_end", BAD_PLAN, FROM_TAIL, 4, 0x08000000,
	  "X86_TSC_INFO (0x8) of 134217728 bytes: the file ends at" },
	{ "no_end", BAD_PLAN, TRUNCATED, 0, 0,
	  "record header of 8 bytes: the file ends at" },
	{ "no_static_data_end", BAD_PLAN, FROM_STATIC_END, 0, 0x80000000,
	  "PAGE_DATA before STATIC_DATA_END" },
	{ "pages_header_short", BAD_PLAN, FROM_PAGES, 4, 7,
	  "PAGE_DATA of 7 bytes, its header takes 8" },
	{ "pages_count_0", BAD_PLAN, FROM_PAGES, 8, 0,
	  "PAGE_DATA without a pfn" },
	{ "pages_count_huge", BAD_PLAN, FROM_PAGES, 8, 0xffffffff,
	  "too short for 4294967295 pfns" },
	{ "pages_list_short", BAD_PLAN, FROM_PAGES, 4, 31,
	  "PAGE_DATA of 31 bytes is too short for 3 pfns" },
	{ "pages_no_data", BAD_PLAN, FROM_PAGES, 4, 32,
	  "PAGE_DATA of 32 bytes, 3 pfns with data for 3 take 12320" },
	{ "pages_short_1", BAD_PLAN, FROM_PAGES, 4, 12319,
	  "PAGE_DATA of 12319 bytes, 3 pfns with data for 3 take 12320" },
	{ "pages_long_1", BAD_PLAN, FROM_PAGES, 4, 12321,
	  "PAGE_DATA of 12321 bytes, 3 pfns with data for 3 take 12320" },
	{ "pages_count_1_less", BAD_PLAN, FROM_PAGES, 8, 2,
	  "PAGE_DATA of 12320 bytes, 2 pfns with data for 2 take 8216" },
	{ "pages_count_1_more", BAD_PLAN, FROM_PAGES, 8, 4,
	  "PAGE_DATA of 12320 bytes, 4 pfns with data for 4 take 16424" },
	{ "pages_xtab_with_data", BAD_PLAN, FROM_PAGES, 28, 0xf0000000,
	  "PAGE_DATA of 12320 bytes, 3 pfns with data for 2 take 8224" },
	{ "pages_xalloc_with_data", BAD_PLAN, FROM_PAGES, 28, 0xe0000000,
	  "3 pfns with data for 2 take" },
	{ "pages_broken_with_data", BAD_PLAN, FROM_PAGES, 28, 0xd0000000,
	  "3 pfns with data for 2 take" },
	{ "pages_type_5", BAD_PLAN, FROM_PAGES, 28, 0x50000000,
	  "unknown type 0x5 for pfn 0x1 (entry 1)" },
	{ "pages_type_6", BAD_PLAN, FROM_PAGES, 36, 0x60000000,
	  "unknown type 0x6 for pfn 0x2 (entry 2)" },
	{ "pages_type_7", BAD_PLAN, FROM_PAGES, 20, 0x70000000,
	  "unknown type 0x7 for pfn 0 (entry 0)" },
	{ "pages_type_8", BAD_PLAN, FROM_PAGES, 20, 0x800fffff,
	  "unknown type 0x8 for pfn 0xfffff00000000 (entry 0)" },
	{ "verify", BAD_STOCK, FROM_TAIL, 0, REC_VERIFY, "VERIFY (0xd)" },
	{ "checkpoint", BAD_STOCK, FROM_TAIL, 0, REC_CHECKPOINT,
	  "CHECKPOINT (0xe)" },
	{ "dirty_pfn_list", BAD_STOCK, FROM_TAIL, 0,
	  REC_CHECKPOINT_DIRTY_PFN_LIST, "CHECKPOINT_DIRTY_PFN_LIST (0xf)" },
	{ "unknown_mandatory", BAD_STOCK, FROM_TAIL, 0, 0x13,
	  "unknown (0x13) of 24 bytes: of an unknown mandatory type" },
	{ "unknown_mandatory_last", BAD_STOCK, FROM_TAIL, 0, 0x7fffffff,
	  "unknown (0x7fffffff) of 24 bytes: of an unknown mandatory type" },
	{ "end_with_body", BAD_STOCK, FROM_END, 4, 8,
	  "END (0) of 8 bytes: it should have no body" },
	{ "pages_after_params", BAD_STOCK, FROM_STATIC_END, 8, REC_HVM_PARAMS,
	  "PAGE_DATA (0x1) of 12320 bytes: it comes after HVM_PARAMS" },
	{ 0 }
};

/* Bytes from the start of a libxc stream to its first record. */
#define LIBXC_HEADERS_SIZE	40

void bad_image(struct image *img, const struct bad *bad)
{
	size_t from[TRUNCATED] = { 0 };

	image_file_head(img);
	image_hvm_head(img);
	/* A bad image can turn this record into another one before PAGE_DATA. */
	image_record(img, REC_OPTIONAL, NULL, 0);
	image_page_range(img, PFN_NOTAB, 0, 3);
	image_hvm_tail(img);
	from[FROM_LIBXL] = img->libxl;
	from[FROM_CONTEXT] = img->libxl + LIBXL_HEADER_SIZE;
	from[FROM_LIBXC] = img->libxc;
	from[FROM_STATIC_END] = img->libxc + LIBXC_HEADERS_SIZE;
	from[FROM_PAGES] = img->pages;
	from[FROM_TAIL] = img->tail;
	from[FROM_END] = img->len - 8;
	image_file_tail(img);

	if (bad->from == TRUNCATED)
		img->len -= 16;
	else
		image_put32(img, from[bad->from] + bad->offset, bad->value);
}
