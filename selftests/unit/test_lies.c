// SPDX-License-Identifier: GPL-2.0
/*
 * Packed files whose INDEX and PAGE_SUMS lie, and truncated files. verify finds each
 * fault, and a restore is the same as without those records.
 */
#include <endian.h>
#include <sys/stat.h>

#include "kselftest_harness.h"

#include "format.h"
#include "guest.h"
#include "packed.h"
#include "plan.h"

FIXTURE(lies)
{
	struct packed p;
};

FIXTURE_SETUP(lies)
{
	packed_init(&self->p);
}

FIXTURE_TEARDOWN(lies)
{
	packed_free(&self->p);
}

/* Writes an index, and corrects its checksum. */
static void put_index(struct packed *p, size_t at,
		      struct thaw_index *index)
{
	struct {
		uint32_t type;
		uint32_t length;
		struct thaw_index index;
	} whole = { htole32(REC_THAW_INDEX), htole32(sizeof(*index)), *index };

	whole.index.sum = 0;
	whole.index.sum = htole32(thaw_sum(0, &whole, sizeof(whole)));
	if (pwrite(p->fd, &whole, sizeof(whole), (off_t)at) !=
	    sizeof(whole))
		abort();
}

/* verify finds a wrong value in each member of the index. */
TEST_F(lies, index_lies)
{
	const size_t words[] = {
		offsetof(struct thaw_index, size),
		offsetof(struct thaw_index, end),
		offsetof(struct thaw_index, nr_records),
		offsetof(struct thaw_index, nr_pages),
		offsetof(struct thaw_index, nr_zero),
		offsetof(struct thaw_index, spans[0].size),
		offsetof(struct thaw_index, spans[2].offset),
		offsetof(struct thaw_index, spans[3].sum),
	};
	const uint64_t lies[] = { 1, UINT64_C(1) << 40, UINT64_MAX };
	struct thaw_index right, wrong;
	uint64_t word;
	size_t at, i, j;

	packed_small_image(&self->p, false);
	ASSERT_EQ(0, packed_make(&self->p, true));
	at = packed_index(&self->p);
	memcpy(&right, self->p.buf + at + 8, sizeof(right));
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		for (j = 0; j < ARRAY_SIZE(lies); j++) {
			wrong = right;
			memcpy(&word, (char *)&wrong + words[i], 8);
			word += lies[j];
			memcpy((char *)&wrong + words[i], &word, 8);
			put_index(&self->p, at, &wrong);
			EXPECT_EQ(words[i] ==
				  offsetof(struct thaw_index, spans[3].sum) &&
				  j == 1 ? 0 : -1, packed_check(&self->p))
				TH_LOG("%zu by %zu", words[i], j);
		}
	}
	wrong = right;
	wrong.nr_spans = htole32(THAW_SPANS + 1);
	put_index(&self->p, at, &wrong);
	EXPECT_EQ(-1, packed_check(&self->p));
	/* An index of a later version is unknown, so verify ignores it. */
	wrong.version = htole32(THAW_INDEX_VERSION + 1);
	put_index(&self->p, at, &wrong);
	EXPECT_EQ(0, packed_check(&self->p)) TH_LOG("%s", self->p.v.file.stream.error);
	EXPECT_EQ(false, self->p.v.indexed);
	/* A writer that does not know the size yet writes 0. */
	wrong = right;
	wrong.size = 0;
	put_index(&self->p, at, &wrong);
	EXPECT_EQ(0, packed_check(&self->p)) TH_LOG("%s", self->p.v.file.stream.error);
	/* Restore the index. */
	put_index(&self->p, at, &right);
	EXPECT_EQ(0, packed_check(&self->p));
}

/* Moves and grows a span. Corrects its checksum if the new span is in the file. */
static void move_span(struct packed *p, struct thaw_span *span,
		      int64_t by, int64_t larger)
{
	uint64_t offset = le64toh(span->offset) + (uint64_t)by;
	uint64_t size = le64toh(span->size) + (uint64_t)larger;

	span->offset = htole64(offset);
	span->size = htole64(size);
	if (offset <= p->size && size <= p->size - offset)
		span->sum = htole32(thaw_sum(0, p->buf + offset, size));
}

/* A checksum is right, but covers other bytes, so that some bytes have none. */
TEST_F(lies, spans_lie)
{
	static const int64_t by[][2] = {
		{ 0, -1 }, { 1, -1 }, { 8, -8 }, { 8, 0 }, { -8, 8 }, { -8, 0 },
		{ 0, 8 },
	};
	struct thaw_index right, wrong;
	size_t at, i, j;

	packed_small_image(&self->p, false);
	ASSERT_EQ(0, packed_make(&self->p, true));
	at = packed_index(&self->p);
	memcpy(&right, self->p.buf + at + 8, sizeof(right));
	for (i = 0; i < THAW_SPANS; i++) {
		for (j = 0; j < ARRAY_SIZE(by); j++) {
			wrong = right;
			move_span(&self->p, &wrong.spans[i], by[j][0], by[j][1]);
			put_index(&self->p, at, &wrong);
			EXPECT_EQ(-1, packed_check(&self->p))
				TH_LOG("span %zu, case %zu", i, j);
		}
		wrong = right;
		wrong.spans[i].size = 0;
		wrong.spans[i].sum = 0;
		put_index(&self->p, at, &wrong);
		EXPECT_EQ(-1, packed_check(&self->p)) TH_LOG("span %zu is empty", i);
		/* Files without checksums of pages have 0 spans. */
		wrong = right;
		wrong.nr_spans = htole32((uint32_t)i);
		put_index(&self->p, at, &wrong);
		EXPECT_EQ(i ? -1 : 0, packed_check(&self->p)) TH_LOG("%zu spans", i);
	}
	put_index(&self->p, at, &right);
	EXPECT_EQ(0, packed_check(&self->p)) TH_LOG("%s", self->p.v.file.stream.error);
}

/* PAGE_SUMS that pack never writes are refused. */
TEST_F(lies, sums_lie)
{
	static const struct {
		uint32_t length;
		uint32_t count;
	} cases[] = {
		{ 0, 0 }, { 7, 0 }, { 8, 1 }, { 12, UINT32_MAX }, { 16, 1 },
		{ 16, 2 }, { 24, 3 }, { 24, 4 }, { 16, 0 },
	};
	uint32_t body[6];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		image_free(&self->p.img);
		image_file_head(&self->p.img);
		image_hvm_head(&self->p.img);
		memset(body, 0, sizeof(body));
		body[1] = htole32(cases[i].count);
		image_record(&self->p.img, REC_THAW_PAGE_SUMS, body,
			     cases[i].length);
		image_page_range(&self->p.img, PFN_NOTAB, 0, 3);
		image_hvm_tail(&self->p.img);
		image_file_tail(&self->p.img);
		close(self->p.fd);
		self->p.fd = image_file(&self->p.img, false);
		EXPECT_EQ(-1, packed_check(&self->p)) TH_LOG("case %zu", i);
		/* pack refuses, too: it would drop these checksums. */
		EXPECT_EQ(-1, packed_make(&self->p, true)) TH_LOG("case %zu", i);
	}
}

/* No PAGE_DATA follows the checksums. */
TEST_F(lies, sums_alone)
{
	image_file_head(&self->p.img);
	image_hvm_head(&self->p.img);
	image_record(&self->p.img, REC_THAW_PAGE_SUMS, NULL, 16);
	image_hvm_tail(&self->p.img);
	image_file_tail(&self->p.img);
	self->p.fd = image_file(&self->p.img, false);
	EXPECT_EQ(-1, packed_check(&self->p));
	EXPECT_NE(NULL, strstr(self->p.v.file.stream.error, "no sound PAGE_DATA"));
}

/* Makes two records of pages, and one without data. Each has zero pages. */
static void several_records(struct packed *p)
{
	struct image *img = &p->img;

	image_file_head(img);
	image_hvm_head(img);
	image_page_range(img, PFN_NOTAB, 0, 3);
	memset(img->buf + img->len - XT_PAGE_SIZE, 0, XT_PAGE_SIZE);
	image_page_range(img, PFN_XALLOC, 3, 1021);
	image_page_range(img, PFN_XALLOC, 1024, 1024);
	image_page_range(img, PFN_NOTAB, 2048, 3);
	image_hvm_tail(img);
	image_libxl_record(img, LIBXL_REC_EMULATOR_CONTEXT, "QEVM12345", 9);
	image_file_tail(img);
}

static struct savefile f;

static int make_plan(struct packed *p, struct plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	return savefile_open(&f, p->fd, "test") ||
	       plan_build(plan, &f.stream) ? -1 : 0;
}

static bool same_fills(const struct plan_fill *a, size_t nr_a,
		       const struct plan_fill *b, size_t nr_b)
{
	size_t i;

	for (i = 0; i < nr_a && i < nr_b; i++) {
		if (a[i].gfn != b[i].gfn || a[i].offset != b[i].offset ||
		    a[i].nr != b[i].nr || a[i].zero != b[i].zero)
			return false;
	}
	return nr_a == nr_b;
}

/* The plan of the file is @want. */
static bool plans_as(struct packed *p, const struct plan *want)
{
	struct plan is;
	bool same = !make_plan(p, &is) && is.pages == want->pages &&
		    is.zero_pages == want->zero_pages &&
		    is.first_after_data == want->first_after_data &&
		    is.end == want->end &&
		    same_fills(is.data, is.nr_data, want->data, want->nr_data) &&
		    same_fills(is.zero, is.nr_zero, want->zero, want->nr_zero);

	plan_free(&is);
	return same;
}

/*
 * Each word of INDEX and PAGE_SUMS gets all kinds of wrong values. The checksum of the
 * index is wrong, and then right. The plan stays the same.
 */
TEST_F(lies, no_restore_believes_them)
{
	struct packed *p = &self->p;
	struct stream_record rec;
	uint64_t lies[] = { 0, 1, 4096, 4097, UINT64_C(1) << 40, UINT64_MAX, 0,
			    0, 0, 0 };
	struct thaw_index_record index;
	struct savefile walk;
	struct plan right;
	size_t at, i, words = 0;

	several_records(p);
	ASSERT_EQ(0, packed_make(p, true));
	ASSERT_EQ(0, make_plan(p, &right));
	EXPECT_EQ(2 * 1024 + 3, right.pages);
	ASSERT_EQ(0, savefile_open(&walk, p->fd, "test"));
	/* Offsets of records, an offset in a record, and one after the end of the file. */
	lies[6] = packed_index(p);
	lies[7] = right.first_after_data;
	lies[8] = right.data[0].offset + 8;
	lies[9] = p->size;
	do {
		ASSERT_EQ(0, stream_next(&walk.stream, &rec));
		if (record_kind(rec.type) != RECORD_THAW)
			continue;
		for (at = rec.body; at < rec.body + rec.length; at += 8) {
			for (i = 0; i < ARRAY_SIZE(lies); i++) {
				packed_put(p, at, &lies[i], 8);
				ASSERT_EQ(true, plans_as(p, &right))
					TH_LOG("%zu: %zu", at, i);
				if (rec.type != REC_THAW_INDEX)
					continue;
				memcpy(&index, p->buf + rec.offset, sizeof(index));
				memcpy((char *)&index + (at - rec.offset),
				       &lies[i], 8);
				thaw_seal_index(&index);
				packed_put(p, rec.offset, &index, sizeof(index));
				ASSERT_EQ(true, plans_as(p, &right))
					TH_LOG("%zu: %zu, sealed", at, i);
				packed_put(p, rec.offset, p->buf + rec.offset,
					   sizeof(index));
			}
			packed_put(p, at, p->buf + at, 8);
			words++;
		}
	} while (rec.type != REC_END);
	EXPECT_LT(3 * 100, words);
	EXPECT_EQ(0, packed_check(p)) TH_LOG("%s", p->v.file.stream.error);
	plan_free(&right);
}

/* The checksums of two records with as many pages are swapped. Those of the lists show it. */
TEST_F(lies, swapped_sums)
{
	struct stream_record rec, sums[3];
	struct savefile walk;
	struct packed *p = &self->p;
	struct plan right;
	size_t nr = 0, i;

	several_records(p);
	ASSERT_EQ(0, packed_make(p, true));
	ASSERT_EQ(0, make_plan(p, &right));
	ASSERT_EQ(0, savefile_open(&walk, p->fd, "test"));
	do {
		ASSERT_EQ(0, stream_next(&walk.stream, &rec));
		if (rec.type == REC_THAW_PAGE_SUMS) {
			ASSERT_GT(3, nr);
			sums[nr++] = rec;
		}
	} while (rec.type != REC_END);
	ASSERT_EQ(3, nr);
	/* Swap all checksums, and then only those of the pages. */
	for (i = 0; i < 16; i += 8) {
		packed_put(p, sums[0].body + i, p->buf + sums[2].body + i, 20 - i);
		EXPECT_EQ(-1, packed_check(p));
		EXPECT_EQ(sums[0].offset, p->v.file.stream.error_offset);
		EXPECT_EQ(true, plans_as(p, &right));
		packed_put(p, sums[2].body + i, p->buf + sums[0].body + i, 20 - i);
		EXPECT_EQ(-1, packed_check(p));
		EXPECT_EQ(sums[0].offset, p->v.file.stream.error_offset);
		EXPECT_EQ(true, plans_as(p, &right));
		for (nr = 0; nr < 3; nr += 2)
			packed_put(p, sums[nr].body, p->buf + sums[nr].body, 20);
		EXPECT_EQ(0, packed_check(p));
	}
	plan_free(&right);
}

/* A tool that knows no holes makes a larger copy, which restores to the same guest. */
TEST_F(lies, filled_holes)
{
	static struct guest before, after;
	struct packed *p = &self->p;
	struct plan plan;

	several_records(p);
	ASSERT_EQ(0, packed_make(p, true));
	ASSERT_EQ(NULL, guest_restore(&before, 0, p->fd));
	packed_put(p, 0, p->buf, p->size);
	ASSERT_EQ(NULL, guest_restore(&after, 0, p->fd));
	EXPECT_EQ(NULL, guest_differs(&before, &after));
	EXPECT_EQ(0, before.nr_written_zero);
	EXPECT_EQ(2, after.nr_written_zero);
	EXPECT_EQ(0, packed_check(p)) TH_LOG("%s", p->v.file.stream.error);
	ASSERT_EQ(0, make_plan(p, &plan));
	EXPECT_EQ(2 * 1024 + 3, plan.pages);
	EXPECT_EQ(2045, plan.zero_pages);
	plan_free(&plan);
}

/* Each kind of reader refuses the file that is truncated at this offset. */
static bool fails_truncated(struct packed *p, size_t at, uint64_t libxc_end)
{
	static struct guest guest;
	struct plan plan;
	bool planned;

	if (ftruncate(p->fd, (off_t)at))
		return false;
	planned = !make_plan(p, &plan);
	plan_free(&plan);
	if (planned && !savefile_check_tail(&f.stream, libxc_end))
		return false;
	return planned == (at >= libxc_end) && guest_restore(&guest, 0, p->fd) &&
	       packed_check(p);
}

/* Truncate at each byte outside of pages, and around the start and end of each page. */
TEST_F(lies, truncated)
{
	struct packed *p = &self->p;
	uint64_t libxc_end;
	struct plan whole;
	size_t at;

	several_records(p);
	ASSERT_EQ(0, packed_make(p, true));
	ASSERT_EQ(0, make_plan(p, &whole));
	libxc_end = whole.end + 8;
	plan_free(&whole);
	for (at = p->size; at-- > 0;) {
		if (at % 256 >= 2 && at % 256 < 255 && at > packed_index(p) + 256 &&
		    at + 512 < p->size && at % 4096 > 64 && at % 4096 < 4032)
			continue;
		ASSERT_EQ(true, fails_truncated(p, at, libxc_end))
			TH_LOG("%zu", at);
	}
}

TEST_HARNESS_MAIN
