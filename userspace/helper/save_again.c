// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pages.h"
#include "save_again.h"

/* Offset of the sums of pages in a head, behind header, sum and count. */
#define HEAD_SUMS	(RECORD_HEADER_SIZE + sizeof(struct thaw_page_sums))

#define PFN_OF(entry)	((entry) & PFN_MASK)

static bool has_data(uint64_t entry)
{
	return stream_type_has_data((unsigned int)(entry >> PFN_TYPE_SHIFT));
}

__attribute__((format(printf, 2, 3)))
static int fail(struct again *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->out->error, a->out->error_size, fmt, ap);
	va_end(ap);
	return -1;
}

static int no_memory(struct again *a)
{
	return fail(a, "no memory for what was saved of the running guest");
}

/* Return: @v with room for one more of @size bytes; NULL without memory, @v stays. */
static void *grown(void *v, size_t nr, size_t *cap, size_t size)
{
	size_t want = *cap ? *cap * 2 : 64;

	if (nr < *cap)
		return v;
	v = reallocarray(v, want, size);
	if (v)
		*cap = want;
	return v;
}

/* Reads what the file has; behind its end there are zeros, as in a hole. */
static int read_back(struct again *a, uint64_t offset, void *buf, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = pread(a->out->fd, (char *)buf + done, size - done,
			  (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(a, "offset %" PRIu64 ": cannot read what was written: %s",
				    offset + done, strerror(errno));
		if (!n)
			break;
		done += (size_t)n;
	}
	memset((char *)buf + done, 0, size - done);
	return 0;
}

/* Its other entry could not be told from this one later. */
static int check_new(struct again *a, uint64_t entry)
{
	const uint64_t pfn = PFN_OF(entry);

	if (!places_find(&a->places, pfn))
		return 0;
	return fail(a, "pfn %#" PRIx64 " is twice in a PAGE_DATA record", pfn);
}

static int add_places(struct again *a, const struct page_head *head, uint64_t offset)
{
	uint32_t i;

	for (i = 0; i < head->nr; i++) {
		if (!has_data(head->entry[i]))
			continue;
		if (check_new(a, head->entry[i]))
			return -1;
		if (places_add(&a->places, PFN_OF(head->entry[i]), offset))
			return no_memory(a);
		offset += XT_PAGE_SIZE;
	}
	for (i = 0; i < head->nr; i++)
		if (!has_data(head->entry[i]) && check_new(a, head->entry[i]))
			return -1;
	return 0;
}

int again_record(struct again *a, const struct page_head *head, uint64_t data)
{
	struct again_record *rec = grown(a->rec, a->nr_rec, &a->cap_rec, sizeof(*rec));

	if (!rec)
		return no_memory(a);
	a->rec = rec;
	rec[a->nr_rec++] = (struct again_record){
		.pos = head->pos, .data = data, .nr = head->nr, .nr_data = head->nr_data,
	};
	return add_places(a, head, data);
}

/* The record that has the page at an offset of the file. */
static const struct again_record *find_record(const struct again *a, uint64_t offset)
{
	size_t low = 0, high = a->nr_rec;

	while (high - low > 1) {
		size_t mid = (low + high) / 2;

		if (a->rec[mid].data <= offset)
			low = mid;
		else
			high = mid;
	}
	return &a->rec[low];
}

int again_end_record(struct again *a)
{
	const struct again_record *rec = a->open;
	uint32_t sum = 0;

	if (!rec)
		return 0;
	a->open = NULL;
	memcpy(a->head + RECORD_HEADER_SIZE, &sum, sizeof(sum));
	sum = htole32(thaw_sum(0, a->head, a->head_size));
	memcpy(a->head + RECORD_HEADER_SIZE, &sum, sizeof(sum));
	return writer_write(a->out, rec->pos, a->head, a->head_size);
}

static int open_record(struct again *a, const struct again_record *rec)
{
	uint8_t *head;

	if (rec == a->open)
		return 0;
	if (again_end_record(a))
		return -1;
	a->head_size = (size_t)(rec->data - rec->pos);
	if (a->head_size > a->head_cap) {
		head = realloc(a->head, a->head_size);
		if (!head)
			return no_memory(a);
		a->head = head;
		a->head_cap = a->head_size;
	}
	if (read_back(a, rec->pos, a->head, a->head_size))
		return -1;
	a->open = rec;
	return 0;
}

static uint8_t *entry_at(const struct again *a, uint32_t i)
{
	return a->head + a->head_size - 8 * (size_t)(a->open->nr - i);
}

/* The entry of the page that has the place @slot in the data of the open record. */
static uint8_t *find_entry(const struct again *a, uint32_t slot)
{
	uint64_t entry;
	uint32_t i;

	if (a->open->nr == a->open->nr_data)
		return entry_at(a, slot);
	for (i = 0;; i++) {
		memcpy(&entry, entry_at(a, i), sizeof(entry));
		if (has_data(le64toh(entry)) && !slot--)
			return entry_at(a, i);
	}
}

/* Whether a page of the file is zero: its sum tells nearly always. */
static int was_zero(struct again *a, uint64_t offset, const uint8_t *sum, bool *zero)
{
	static uint8_t page[XT_PAGE_SIZE];
	uint32_t old;

	memcpy(&old, sum, sizeof(old));
	*zero = le32toh(old) == thaw_zero_page_sum();
	if (!*zero)
		return 0;
	if (read_back(a, offset, page, sizeof(page)))
		return -1;
	*zero = page_is_zero(page);
	return 0;
}

static int write_zero(struct again *a, uint64_t offset, const uint8_t *page)
{
	if (!a->no_punch) {
		if (!fallocate(a->out->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       (off_t)offset, XT_PAGE_SIZE))
			return 0;
		/* Zeros do as well. */
		a->no_punch = true;
	}
	return writer_write(a->out, offset, page, XT_PAGE_SIZE);
}

int again_page(struct again *a, uint64_t offset, uint64_t entry, const uint8_t *page,
	       uint64_t *nr_zero)
{
	const struct again_record *rec = find_record(a, offset);
	const uint32_t slot = (uint32_t)((offset - rec->data) / XT_PAGE_SIZE);
	bool zero = page_is_zero(page), zero_before;
	uint8_t *sum;
	uint32_t value;

	if (open_record(a, rec))
		return -1;
	sum = a->head + HEAD_SUMS + 4 * (size_t)slot;
	if (was_zero(a, offset, sum, &zero_before))
		return -1;
	if (!zero && writer_write(a->out, offset, page, XT_PAGE_SIZE))
		return -1;
	if (zero && !zero_before && write_zero(a, offset, page))
		return -1;
	*nr_zero += (uint64_t)zero - (uint64_t)zero_before;
	a->nr_pages++;

	value = htole32(zero ? thaw_zero_page_sum() : thaw_sum(0, page, XT_PAGE_SIZE));
	memcpy(sum, &value, sizeof(value));
	entry = htole64(entry);
	memcpy(find_entry(a, slot), &entry, sizeof(entry));
	return 0;
}

int again_entry(struct again *a, uint64_t entry)
{
	struct again_type *types;
	bool bare;

	pfn_set_same(&a->bare, PFN_OF(entry), 1, &bare);
	if (!bare) {
		/* The entry of the record tells the type. */
		if (has_data(entry))
			return 0;
		if (pfn_set_add(&a->bare, PFN_OF(entry), 1))
			return no_memory(a);
	}
	types = grown(a->types, a->nr_types, &a->cap_types, sizeof(*types));
	if (!types)
		return no_memory(a);
	a->types = types;
	types[a->nr_types] = (struct again_type){ .entry = entry, .when = a->nr_types };
	a->nr_types++;
	return 0;
}

static int cmp(const void *x, const void *y)
{
	const struct again_type *a = x, *b = y;
	uint64_t pfn_a = PFN_OF(a->entry), pfn_b = PFN_OF(b->entry);

	if (pfn_a != pfn_b)
		return pfn_a < pfn_b ? -1 : 1;
	return (a->when > b->when) - (a->when < b->when);
}

int again_settle_types(struct again *a, uint64_t **entry, size_t *nr)
{
	uint64_t last;
	size_t i;

	*nr = 0;
	*entry = calloc(a->nr_types + 1, sizeof(**entry));
	if (!*entry)
		return no_memory(a);
	if (a->nr_types)
		qsort(a->types, a->nr_types, sizeof(*a->types), cmp);
	for (i = 0; i < a->nr_types; i++) {
		last = a->types[i].entry;
		if (i + 1 < a->nr_types && PFN_OF(a->types[i + 1].entry) == PFN_OF(last))
			continue;
		if (!has_data(last))
			(*entry)[(*nr)++] = last;
	}
	a->nr_types = 0;
	return 0;
}

void again_free(struct again *a)
{
	places_free(&a->places);
	pfn_set_free(&a->bare);
	free(a->rec);
	free(a->head);
	free(a->types);
	memset(a, 0, sizeof(*a));
}
