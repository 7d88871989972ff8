/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between the files of the verifier. All functions return 0, or -1 with the error
 * of @v->file.stream set.
 */
#ifndef XEN_THAW_VERIFY_PARTS_H
#define XEN_THAW_VERIFY_PARTS_H

#include "verify.h"

/**
 * verify_record() - check that a record may be there, and has the right size
 * @v: the file
 * @rec: the next record
 */
int verify_record(struct verify *v, const struct stream_record *rec);

/**
 * verify_complete() - check that all records were there that a restore needs
 * @v: the file; END was read
 */
int verify_complete(struct verify *v);

/**
 * verify_padding() - check that bytes are zero that only fill up
 * @v: the file
 * @start: offset of the first
 * @end: offset behind the last
 */
int verify_padding(struct verify *v, uint64_t start, uint64_t end);

/**
 * verify_open_index() - read the index and check its sum
 * @v: the file
 * @rec: the first record of the stream, which may be another one
 */
int verify_open_index(struct verify *v, const struct stream_record *rec);

/**
 * verify_spans() - compare the spans that start at an offset or before it
 * @v: the file; spans that were compared are not compared again
 * @offset: in the file
 */
int verify_spans(struct verify *v, uint64_t offset);

/**
 * verify_index() - check that the file is what its index says
 * @v: the file; all of it was read
 */
int verify_index(struct verify *v);

/**
 * verify_open_sums() - read the checksums of the next PAGE_DATA
 * @v: the file
 * @rec: a PAGE_SUMS record
 */
int verify_open_sums(struct verify *v, const struct stream_record *rec);

/**
 * verify_page_data() - check a PAGE_DATA record, and its pages if it has checksums
 * @v: the file
 * @rec: the record
 */
int verify_page_data(struct verify *v, const struct stream_record *rec);

#endif /* XEN_THAW_VERIFY_PARTS_H */
