/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages that a live save sends again. The file has each page with contents once: what
 * comes later is written over what came before, and the record's head is put right.
 */
#ifndef XEN_THAW_SAVE_AGAIN_H
#define XEN_THAW_SAVE_AGAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page_head.h"
#include "pfn_set.h"
#include "places.h"
#include "writer.h"

/**
 * struct again_record - a PAGE_DATA record in the file
 * @pos: offset of its head
 * @data: offset of its data
 * @nr: entries
 * @nr_data: how many of them have data
 */
struct again_record {
	uint64_t pos;
	uint64_t data;
	uint32_t nr;
	uint32_t nr_data;
};

/**
 * struct again_type - an entry of a page that has contents in the file
 * @entry: as in the list of a record
 * @when: its number
 */
struct again_type {
	uint64_t entry;
	uint64_t when;
};

/**
 * struct again - what is in the file so far
 * @out: the file; its error is that of all functions here
 * @places: of the contents of pages
 * @rec: records with data, as they lie in the file
 * @nr_rec: members of @rec
 * @cap_rec: records that @rec has room for
 * @open: the record whose head is in @head, or NULL
 * @head: see there
 * @head_size: bytes of it
 * @head_cap: bytes that @head has room for
 * @bare: pfns that came without data after they came with data; only of PV guests
 * @types: of these, all entries since then
 * @nr_types: members of @types
 * @cap_types: entries that @types has room for
 * @nr_pages: pages that were written over others
 * @no_punch: the filesystem does not punch holes
 *
 * All but @out are zero at first.
 */
struct again {
	struct writer *out;
	struct places places;
	struct again_record *rec;
	size_t nr_rec;
	size_t cap_rec;
	const struct again_record *open;
	uint8_t *head;
	size_t head_size;
	size_t head_cap;
	struct pfn_set bare;
	struct again_type *types;
	size_t nr_types;
	size_t cap_types;
	uint64_t nr_pages;
	bool no_punch;
};

/**
 * again_record() - a record was written
 * @a: the file
 * @head: of the record; with data
 * @data: offset of the data
 *
 * Return: 0, or -1 with the error set, also if a pfn is in it twice, or was before.
 */
int again_record(struct again *a, const struct page_head *head, uint64_t data);

/**
 * again_page() - write a page over what the file has of it
 * @a: the file
 * @offset: of the page in the file, of places_find()
 * @entry: the page's new entry, with data
 * @page: the contents
 * @nr_zero: zero pages in the file; updated
 *
 * again_end_record() is due before any other record is written.
 *
 * Return: 0, or -1 with the error set.
 */
int again_page(struct again *a, uint64_t offset, uint64_t entry,
	       const uint8_t *page, uint64_t *nr_zero);

/**
 * again_end_record() - write the head whose record was changed, if there is one
 * @a: the file
 *
 * Return: 0, or -1 with the error set.
 */
int again_end_record(struct again *a);

/**
 * again_entry() - a PV guest's page that the file has comes again, with data or without
 * @a: the file
 * @entry: of the page, in the order of the stream
 *
 * Return: 0, or -1 with the error set.
 */
int again_entry(struct again *a, uint64_t entry);

/**
 * again_settle_types() - find the pages whose last entry has no data
 * @a: the file
 * @entry: filled in: these entries, sorted by pfn; for free()
 * @nr: filled in: how many
 *
 * Return: 0, or -1 with the error set.
 */
int again_settle_types(struct again *a, uint64_t **entry, size_t *nr);

/**
 * again_free() - release all
 * @a: the file
 */
void again_free(struct again *a);

#endif /* XEN_THAW_SAVE_AGAIN_H */
