// SPDX-License-Identifier: GPL-2.0
/* Checksums: of the index, of spans, of PAGE_DATA records and their pages. */
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "pages.h"
#include "verify_parts.h"

#define PAGE_DATA_HEADER 16U

/* Bytes read at once: the buffer for pages is used. */
#define READ_SIZE	(1U << 20)

static struct stream *stream_of(struct verify *v)
{
	return &v->file.stream;
}

/* Adds bytes of the file to a sum. */
static int sum_range(struct verify *v, uint64_t start, uint64_t end,
		     uint32_t *sum)
{
	uint8_t *buf = v->data.page;
	size_t size;

	for (; start < end; start += size) {
		size = end - start < READ_SIZE ? end - start : READ_SIZE;
		if (stream_read(stream_of(v), start, buf, size, "data"))
			return -1;
		*sum = thaw_sum(*sum, buf, size);
	}
	return 0;
}

int verify_padding(struct verify *v, uint64_t start, uint64_t end)
{
	uint8_t *buf = v->data.page;
	size_t size, i;

	for (; start < end; start += size) {
		size = end - start < READ_SIZE ? end - start : READ_SIZE;
		if (stream_read(stream_of(v), start, buf, size, "padding"))
			return -1;
		if (bytes_are_zero(buf, size))
			continue;
		for (i = 0; !buf[i]; i++)
			;
		return stream_fail(stream_of(v), start + i,
				   "padding that is %#x, not 0", buf[i]);
	}
	return 0;
}

/* What an index of any version begins with. */
struct index_start {
	uint32_t type;
	uint32_t length;
	char magic[8];
	uint32_t version;
	uint32_t sum;
};

static int check_index(struct verify *v, const struct stream_record *rec,
		       struct index_start *start)
{
	uint32_t want = le32toh(start->sum), sum;

	start->sum = 0;
	sum = thaw_sum(0, start, sizeof(*start));
	if (sum_range(v, rec->offset + sizeof(*start), rec->body + rec->length,
		      &sum))
		return -1;
	if (sum != want)
		return stream_fail(stream_of(v), rec->offset,
				   "index: its checksum is %08x, not %08x",
				   sum, want);
	if (rec->type != REC_THAW_INDEX)
		return stream_fail(stream_of(v), rec->offset,
				   "index of type %#x, not %#x", rec->type,
				   REC_THAW_INDEX);
	return 0;
}

static int read_index(struct verify *v, const struct stream_record *rec)
{
	if (rec->length != sizeof(v->index))
		return stream_fail(stream_of(v), rec->offset,
				   "index of %u bytes, not %zu", rec->length,
				   sizeof(v->index));
	if (stream_read(stream_of(v), rec->body, &v->index, sizeof(v->index),
			"index"))
		return -1;
	if (le32toh(v->index.nr_spans) > THAW_SPANS)
		return stream_fail(stream_of(v), rec->offset,
				   "index of %u spans",
				   le32toh(v->index.nr_spans));
	v->indexed = true;
	v->index_offset = rec->offset;
	v->previous = rec->offset;
	if (v->index.nr_spans)
		v->summed_bytes += RECORD_HEADER_SIZE + sizeof(v->index);
	return 0;
}

/*
 * The index is known by its magic, because its type may be damaged. An index of a
 * later version is skipped, as restores do, if its checksum is right.
 */
int verify_open_index(struct verify *v, const struct stream_record *rec)
{
	struct index_start start;

	if (rec->length < sizeof(start) - RECORD_HEADER_SIZE ||
	    !(rec->type & REC_OPTIONAL))
		return 0;
	if (stream_read(stream_of(v), rec->offset, &start, sizeof(start),
			"index"))
		return -1;
	if (memcmp(start.magic, THAW_INDEX_MAGIC, sizeof(start.magic))) {
		if (rec->type != REC_THAW_INDEX)
			return 0;
		return stream_fail(stream_of(v), rec->body,
				   "index without its magic");
	}
	if (check_index(v, rec, &start))
		return -1;
	if (le32toh(start.version) > THAW_INDEX_VERSION)
		return 0;
	return read_index(v, rec);
}

static int check_span(struct verify *v, const struct thaw_span *span)
{
	uint64_t offset = le64toh(span->offset), size = le64toh(span->size);
	uint32_t want = le32toh(span->sum), sum = 0;

	if (offset > stream_of(v)->file_size ||
	    size > stream_of(v)->file_size - offset)
		return stream_fail(stream_of(v), v->index_offset,
				   "index: a span ends behind the file, which has %" PRIu64 " bytes",
				   stream_of(v)->file_size);
	if (sum_range(v, offset, offset + size, &sum))
		return -1;
	if (sum != want)
		return stream_fail(stream_of(v), offset,
				   "the checksum of %" PRIu64 " bytes is %08x, not %08x",
				   size, sum, want);
	v->summed_bytes += size;
	return 0;
}

int verify_spans(struct verify *v, uint64_t offset)
{
	const struct thaw_span *span;

	if (!v->indexed)
		return 0;
	for (; v->next_span < le32toh(v->index.nr_spans); v->next_span++) {
		span = &v->index.spans[v->next_span];
		if (le64toh(span->offset) > offset)
			return 0;
		if (check_span(v, span))
			return -1;
	}
	return 0;
}

static uint64_t span_start(const struct thaw_span *span)
{
	return le64toh(span->offset);
}

static uint64_t span_end(const struct thaw_span *span)
{
	return le64toh(span->offset) + le64toh(span->size);
}

/* See docs/format.md: a byte outside of all spans would have no checksum. */
static bool spans_are_in_place(const struct verify *v)
{
	const struct thaw_span *s = v->index.spans;
	uint64_t first = v->index_offset + RECORD_HEADER_SIZE + sizeof(v->index);
	uint64_t end = v->end + RECORD_HEADER_SIZE;
	/* Without pages, the records may be in either of the two spans. */
	uint64_t pages = v->nr_records ? v->first_sums : span_start(&s[2]);
	uint64_t behind = v->nr_records ? v->pages_end : span_end(&s[1]);

	return span_start(&s[0]) == 0 && span_end(&s[0]) == v->index_offset &&
	       span_start(&s[1]) == first && span_end(&s[1]) == pages &&
	       span_start(&s[2]) == behind && span_end(&s[2]) == end &&
	       span_start(&s[3]) == end &&
	       (!v->index.size || span_end(&s[3]) == le64toh(v->index.size));
}

static int check_spans(struct verify *v)
{
	uint32_t nr = le32toh(v->index.nr_spans);

	if (!nr || (nr == THAW_SPANS && spans_are_in_place(v)))
		return 0;
	return stream_fail(stream_of(v), v->index_offset,
			   "index: its spans are not all that has no other checksum");
}

int verify_index(struct verify *v)
{
	const struct thaw_index *index = &v->index;
	bool same = le64toh(index->end) == v->end &&
		    le64toh(index->nr_records) == v->nr_records &&
		    le64toh(index->nr_pages) == v->nr_pages;

	/*
	 * A save does not know what libxl adds to the file later, nor does a
	 * check of the libxc stream alone.
	 */
	if (index->size && v->size)
		same &= le64toh(index->size) == v->size;
	/* Without sums the pages were neither read nor counted. */
	if (index->nr_spans)
		same &= v->nr_summed == v->nr_pages &&
			le64toh(index->nr_zero) == v->nr_zero;
	if (same || !v->indexed)
		return check_spans(v);
	return stream_fail(stream_of(v), v->index_offset,
			   "index: it describes another file: of %llu bytes, with %llu pages in %llu records, %llu of them zero",
			   (unsigned long long)le64toh(index->size),
			   (unsigned long long)le64toh(index->nr_pages),
			   (unsigned long long)le64toh(index->nr_records),
			   (unsigned long long)le64toh(index->nr_zero));
}

int verify_open_sums(struct verify *v, const struct stream_record *rec)
{
	uint32_t room = rec->length / 4;
	struct thaw_page_sums head;

	v->sums = *rec;
	if (!v->first_sums)
		v->first_sums = rec->offset;
	if (rec->length < sizeof(head))
		return stream_fail(stream_of(v), rec->offset,
				   "checksums of pages in %u bytes",
				   rec->length);
	if (stream_read(stream_of(v), rec->body, &head, sizeof(head),
			"checksums"))
		return -1;
	v->nr_sums = le32toh(head.count);
	if (v->nr_sums > room - sizeof(head) / 4)
		return stream_fail(stream_of(v), rec->offset,
				   "checksums of %u pages in %u bytes",
				   v->nr_sums, rec->length);
	free(v->page_sums);
	v->page_sums = malloc((size_t)v->nr_sums * 4 + 1);
	if (!v->page_sums)
		return stream_fail(stream_of(v), rec->offset, "no memory");
	v->next_sum = 0;
	return stream_read(stream_of(v), rec->body + sizeof(head),
			   v->page_sums, (size_t)v->nr_sums * 4, "checksums");
}

/* Everything from the header of the sums up to the data of the pages. */
static int check_lists(struct verify *v, const struct stream_record *rec)
{
	struct {
		uint32_t type;
		uint32_t length;
		struct thaw_page_sums sums;
	} head;
	uint64_t start = v->sums.offset + sizeof(head), end;
	uint32_t count, want, sum;

	if (stream_read(stream_of(v), v->sums.offset, &head, sizeof(head),
			"checksums") ||
	    stream_read(stream_of(v), rec->body, &count, sizeof(count),
			"PAGE_DATA header"))
		return -1;
	end = rec->offset + PAGE_DATA_HEADER + UINT64_C(8) * le32toh(count);
	/* stream_page_runs() reports a count that is too high. */
	if (end > rec->body + rec->length)
		end = rec->body + rec->length;
	want = le32toh(head.sums.sum);
	head.sums.sum = 0;
	sum = thaw_sum(0, &head, sizeof(head));
	if (sum_range(v, start, end, &sum))
		return -1;
	if (sum != want)
		return stream_fail(stream_of(v), v->sums.offset,
				   "the checksum of %" PRIu64 " bytes is %08x, not %08x",
				   end - v->sums.offset, sum, want);
	v->summed_bytes += end - v->sums.offset;
	return 0;
}

static int check_pages(struct verify *v, const struct page_run *run,
		       uint32_t done, uint32_t nr)
{
	uint64_t offset = run->offset + (uint64_t)done * XT_PAGE_SIZE;
	uint32_t i, sum, want;

	if (page_data_read(&v->data, stream_of(v), 0, nr, offset))
		return -1;
	for (i = 0; i < nr; i++) {
		sum = page_data_sum(&v->data, i);
		want = le32toh(v->page_sums[v->next_sum++]);
		if (sum != want)
			return stream_fail(stream_of(v),
					   offset + (uint64_t)i * XT_PAGE_SIZE,
					   "the checksum of pfn %#" PRIx64 " is %08x, not %08x",
					   run->pfn + done + i, sum, want);
	}
	v->nr_summed += nr;
	v->summed_bytes += (uint64_t)nr * XT_PAGE_SIZE;
	return 0;
}

/* For stream_page_runs(). */
static int check_run(void *arg, const struct page_run *run)
{
	struct verify *v = arg;
	uint32_t done, nr;

	if (v->file.stream.guest_type == STREAM_GUEST_PV &&
	    run->pfn + run->nr - 1 > v->max_pfn)
		return stream_fail(stream_of(v), v->record,
				   "pfn %#" PRIx64 " of a guest that has pfns up to %#" PRIx64,
				   run->pfn + run->nr - 1, v->max_pfn);
	if (!run->has_data)
		return 0;
	v->nr_pages += run->nr;
	if (!v->sums.body)
		return 0;
	for (done = 0; done < run->nr; done += nr) {
		nr = run->nr - done < PAGES_PER_RECORD ? run->nr - done : PAGES_PER_RECORD;
		if (nr > v->nr_sums - v->next_sum)
			return stream_fail(stream_of(v), v->sums.offset,
					   "checksums of %u pages: there are more",
					   v->nr_sums);
		if (check_pages(v, run, done, nr))
			return -1;
	}
	return 0;
}

int verify_page_data(struct verify *v, const struct stream_record *rec)
{
	v->nr_records++;
	v->record = rec->offset;
	v->pages_end = rec->body + rec->length;
	if (!v->sums.body && v->index.nr_spans)
		return stream_fail(stream_of(v), v->previous,
				   "this should be the checksums of the next record: the index promises them");
	if (v->sums.body && check_lists(v, rec))
		return -1;
	if (stream_page_runs(stream_of(v), rec, check_run, v))
		return -1;
	if (v->sums.body && v->next_sum != v->nr_sums)
		return stream_fail(stream_of(v), v->sums.offset,
				   "checksums of %u pages: there are %u",
				   v->nr_sums, v->next_sum);
	v->sums.body = 0;
	return 0;
}
