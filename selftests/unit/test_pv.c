// SPDX-License-Identifier: GPL-2.0
/* pv_stream.c: which pages of a PV guest the stock helper sees, and which ones we fill. */
#include "kselftest_harness.h"

/* Without it, xen-compat.h chooses the handle types of Xen 3.2. */
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__

#include <xen/xen.h>

#include "image.h"
#include "pv.h"

#define LAST_PFN	1023
#define P2M_PFN		100	/* the first of two pages */
#define START_INFO_PFN	7
#define GDT_PFN		8

struct vcpu_record {
	uint32_t vcpu_id;
	uint32_t reserved;
	vcpu_guest_context_t ctx;
};

FIXTURE(pv)
{
	struct image img;
	struct stream s;
	struct plan p;
	struct pv pv;
	uint8_t info[8];
	struct vcpu_record vcpu;
	int fd;
};

FIXTURE_SETUP(pv)
{
	memset(self, 0, sizeof(*self));
	self->fd = -1;
	self->info[0] = 8;
	self->info[1] = 4;
	self->vcpu.ctx.user_regs.rdx = START_INFO_PFN;
	self->vcpu.ctx.gdt_ents = 16;
	self->vcpu.ctx.gdt_frames[0] = GDT_PFN;
	self->pv.table_fd = -1;
	self->pv.event_fd = -1;
}

FIXTURE_TEARDOWN(pv)
{
	plan_free(&self->p);
	close(self->fd);
	image_free(&self->img);
}

/* Adds what stock writes before the page data of a PV guest. */
static void head(struct _test_data_pv *self)
{
	struct {
		uint32_t start;
		uint32_t end;
		uint64_t pfns[2];
	} frames = { 0, LAST_PFN, { P2M_PFN, P2M_PFN + 1 } };

	image_libxc(&self->img, 3, STREAM_GUEST_PV);
	image_record(&self->img, REC_X86_PV_INFO, self->info,
		     sizeof(self->info));
	image_record(&self->img, REC_STATIC_DATA_END, NULL, 0);
	image_record(&self->img, REC_X86_PV_P2M_FRAMES, &frames,
		     sizeof(frames));
}

static void tail(struct _test_data_pv *self)
{
	image_record(&self->img, REC_X86_PV_VCPU_BASIC, &self->vcpu,
		     sizeof(self->vcpu));
	image_record(&self->img, REC_END, NULL, 0);
}

static int scan(struct _test_data_pv *self)
{
	int ret;

	self->fd = image_file(&self->img, false);
	if (stream_open(&self->s, self->fd, "test", 0))
		return -2;
	ret = plan_build(&self->p, &self->s);
	if (ret)
		return ret;
	self->pv.pages = &self->p.pv;
	return plan_remove_kept(&self->p);
}

/* True if a fill of the plan has this pfn. */
static bool filled(const struct plan_fill *v, size_t nr, uint64_t pfn)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (pfn >= v[i].gfn && pfn < v[i].gfn + v[i].nr)
			return true;
	return false;
}

/* Returns the first PAGE_DATA record as the stock helper sees it. */
static uint64_t *rewritten(struct _test_data_pv *self, struct fills *pieces,
			   size_t *length)
{
	struct stream_record rec;

	if (stream_open(&self->s, self->fd, "test", 0))
		return NULL;
	do {
		if (stream_next(&self->s, &rec))
			return NULL;
	} while (rec.type != REC_PAGE_DATA);
	return pv_rewrite(&self->pv, &self->s, &rec, pieces, length);
}

TEST_F(pv, plain_pages_are_filled)
{
	head(self);
	image_page_range(&self->img, PFN_NOTAB, 0, LAST_PFN + 1);
	tail(self);
	ASSERT_EQ(0, scan(self));
	EXPECT_EQ(LAST_PFN + 1, self->p.pv.nr_pfns);
	EXPECT_TRUE(filled(self->p.data, self->p.nr_data, 0));
	EXPECT_TRUE(filled(self->p.data, self->p.nr_data, LAST_PFN));
	EXPECT_FALSE(filled(self->p.data, self->p.nr_data, START_INFO_PFN));
	EXPECT_FALSE(filled(self->p.data, self->p.nr_data, GDT_PFN));
	EXPECT_FALSE(filled(self->p.data, self->p.nr_data, P2M_PFN));
	EXPECT_FALSE(filled(self->p.data, self->p.nr_data, P2M_PFN + 1));
	/* The stock helper populates all pages. */
	EXPECT_EQ(LAST_PFN + 1, self->p.pages);
}

TEST_F(pv, stock_sees_types_and_data_of_what_it_checks)
{
	const uint64_t list[] = {
		ENTRY(PFN_NOTAB, 0), ENTRY(PFN_L1TAB, 1),
		ENTRY(PFN_L4TAB_PIN, 2), ENTRY(PFN_XTAB, 3),
		ENTRY(PFN_NOTAB, START_INFO_PFN), ENTRY(PFN_NOTAB, 9),
		ENTRY(PFN_XALLOC, 10),
	};
	struct fills pieces;
	size_t length, i, data = 0;
	uint64_t *rec;

	head(self);
	image_pages(&self->img, list, 7);
	tail(self);
	ASSERT_EQ(0, scan(self));
	rec = rewritten(self, &pieces, &length);
	ASSERT_NE(NULL, rec);
	for (i = 0; i < pieces.nr; i++)
		data += pieces.v[i].nr;
	EXPECT_EQ(3, data);
	ASSERT_EQ((2 + 7) * 8, length);
	EXPECT_EQ(REC_PAGE_DATA | (8 + 7 * 8 + 3 * 4096ULL) << 32, rec[0]);
	EXPECT_EQ(7, rec[1]);
	EXPECT_EQ(ENTRY(PFN_XALLOC, 0), rec[2]);
	EXPECT_EQ(ENTRY(PFN_L1TAB, 1), rec[3]);
	EXPECT_EQ(ENTRY(PFN_L4TAB_PIN, 2), rec[4]);
	EXPECT_EQ(ENTRY(PFN_XTAB, 3), rec[5]);
	EXPECT_EQ(ENTRY(PFN_NOTAB, START_INFO_PFN), rec[6]);
	EXPECT_EQ(ENTRY(PFN_XALLOC, 9), rec[7]);
	EXPECT_EQ(ENTRY(PFN_XALLOC, 10), rec[8]);
	/* Pages 1, 2 and 3 of the data: both tables, and start_info. */
	EXPECT_EQ(self->img.pages + 16 + 7 * 8 + 4096, pieces.v[0].offset);
	free(pieces.v);
	free(rec);
}

TEST_F(pv, a_page_that_was_a_table_is_kept)
{
	head(self);
	image_page_range(&self->img, PFN_NOTAB, 20, 4);
	image_page_range(&self->img, PFN_L2TAB, 21, 1);
	image_page_range(&self->img, PFN_NOTAB, 21, 1);
	tail(self);
	ASSERT_EQ(0, scan(self));
	EXPECT_TRUE(filled(self->p.data, self->p.nr_data, 20));
	EXPECT_FALSE(filled(self->p.data, self->p.nr_data, 21));
	EXPECT_TRUE(filled(self->p.data, self->p.nr_data, 22));
}

TEST_F(pv, a_page_that_becomes_a_table_is_kept)
{
	struct fills pieces;
	uint64_t *rec;
	size_t length;

	head(self);
	image_page_range(&self->img, PFN_NOTAB, 20, 4);
	image_page_range(&self->img, PFN_L1TAB, 21, 1);
	tail(self);
	ASSERT_EQ(0, scan(self));
	EXPECT_FALSE(filled(self->p.data, self->p.nr_data, 21));
	/* Stock reads it in the first record, too: its last contents win. */
	rec = rewritten(self, &pieces, &length);
	ASSERT_NE(NULL, rec);
	EXPECT_EQ(ENTRY(PFN_XALLOC, 20), rec[2]);
	EXPECT_EQ(ENTRY(PFN_NOTAB, 21), rec[3]);
	EXPECT_EQ(ENTRY(PFN_XALLOC, 22), rec[4]);
	ASSERT_EQ(1, pieces.nr);
	EXPECT_EQ(1, pieces.v[0].nr);
	free(pieces.v);
	free(rec);
}

TEST_F(pv, long_list_of_p2m_frames)
{
	const uint32_t frames = 1500;
	struct image *img = &self->img;
	uint64_t list[1 + 1500];
	uint32_t i;

	list[0] = (uint64_t)(frames * 512 - 1) << 32;
	for (i = 0; i < frames; i++)
		list[1 + i] = 3 * i;
	image_libxc(img, 3, STREAM_GUEST_PV);
	image_record(img, REC_X86_PV_INFO, self->info, sizeof(self->info));
	image_record(img, REC_STATIC_DATA_END, NULL, 0);
	image_record(img, REC_X86_PV_P2M_FRAMES, list, sizeof(list));
	image_page_range(img, PFN_NOTAB, 0, 8);
	tail(self);
	ASSERT_EQ(0, scan(self));
	EXPECT_EQ(frames * 512, self->p.pv.nr_pfns);
	for (i = 0; i < 3 * frames; i++) {
		bool kept;

		pfn_set_same(&self->p.pv.keep, i, 1, &kept);
		EXPECT_EQ(i % 3 == 0 || i == START_INFO_PFN || i == GDT_PFN, kept);
	}
	EXPECT_FALSE(filled(self->p.data, self->p.nr_data, 3));
	EXPECT_TRUE(filled(self->p.data, self->p.nr_data, 4));
}

TEST_F(pv, p2m_ends_before_it_starts)
{
	const uint32_t frames[] = { 512, 511 };

	image_libxc(&self->img, 3, STREAM_GUEST_PV);
	image_record(&self->img, REC_X86_PV_INFO, self->info,
		     sizeof(self->info));
	image_record(&self->img, REC_STATIC_DATA_END, NULL, 0);
	image_record(&self->img, REC_X86_PV_P2M_FRAMES, frames,
		     sizeof(frames));
	tail(self);
	EXPECT_EQ(1, scan(self));
	EXPECT_NE(NULL, strstr(self->s.error, "ends before it starts"));
}

TEST_F(pv, vcpu_of_a_wrong_size)
{
	head(self);
	image_page_range(&self->img, PFN_NOTAB, 0, 1);
	image_record(&self->img, REC_X86_PV_VCPU_BASIC, &self->vcpu,
		     sizeof(self->vcpu) - 8);
	tail(self);
	EXPECT_EQ(1, scan(self));
	EXPECT_NE(NULL, strstr(self->s.error, "X86_PV_VCPU_BASIC: of a wrong size"));
}

TEST_F(pv, pages_without_data_become_zero)
{
	head(self);
	image_page_range(&self->img, PFN_XALLOC, 30, 2);
	tail(self);
	ASSERT_EQ(0, scan(self));
	EXPECT_TRUE(filled(self->p.zero, self->p.nr_zero, 30));
	EXPECT_FALSE(filled(self->p.data, self->p.nr_data, 30));
}

TEST_F(pv, mfns_make_new_runs)
{
	uint64_t table[16] = { [4] = 90, [5] = 91, [6] = 50, [7] = 51 };
	struct plan_fill fill = { .gfn = 4, .offset = 4096, .nr = 4 };
	struct fills out = { 0 };

	self->pv.table = table;
	ASSERT_EQ(0, pv_translate(&self->pv, &fill, &out));
	ASSERT_EQ(2, out.nr);
	EXPECT_EQ(90, out.v[0].gfn);
	EXPECT_EQ(2, out.v[0].nr);
	EXPECT_EQ(4096, out.v[0].offset);
	EXPECT_EQ(50, out.v[1].gfn);
	EXPECT_EQ(3 * 4096, out.v[1].offset);
	free(out.v);
}

TEST_F(pv, pfn_beyond_the_guest)
{
	head(self);
	image_page_range(&self->img, PFN_NOTAB, LAST_PFN, 2);
	tail(self);
	EXPECT_EQ(-1, scan(self));
	EXPECT_NE(NULL, strstr(self->s.error, "pfn 0x400 is beyond"));
}

TEST_F(pv, guest_of_32_bit)
{
	self->info[0] = 4;
	self->info[1] = 3;
	head(self);
	image_page_range(&self->img, PFN_NOTAB, 0, 1);
	tail(self);
	EXPECT_EQ(1, scan(self));
	EXPECT_NE(NULL, strstr(self->s.error, "not a 64-bit PV guest"));
}

TEST_F(pv, no_info)
{
	image_libxc(&self->img, 3, STREAM_GUEST_PV);
	image_record(&self->img, REC_STATIC_DATA_END, NULL, 0);
	image_page_range(&self->img, PFN_NOTAB, 0, 1);
	tail(self);
	EXPECT_EQ(1, scan(self));
}

TEST_F(pv, too_many_gdt_entries)
{
	self->vcpu.ctx.gdt_ents = 16 * 512 + 1;
	head(self);
	image_page_range(&self->img, PFN_NOTAB, 0, 1);
	tail(self);
	EXPECT_EQ(1, scan(self));
}

TEST_F(pv, p2m_record_of_a_wrong_size)
{
	const uint32_t frames[] = { 0, LAST_PFN, P2M_PFN, 0 };

	image_libxc(&self->img, 3, STREAM_GUEST_PV);
	image_record(&self->img, REC_X86_PV_INFO, self->info,
		     sizeof(self->info));
	image_record(&self->img, REC_X86_PV_P2M_FRAMES, frames,
		     sizeof(frames));
	image_record(&self->img, REC_STATIC_DATA_END, NULL, 0);
	tail(self);
	EXPECT_EQ(1, scan(self));
}

/* A sparse file of 1 GiB lists pfn 0 again and again. Time and memory stay small. */
TEST_F(pv, sparse_p2m)
{
	enum { RECORDS = 16, BYTES = 8 << 23 };
	const uint32_t header[] = {
		REC_X86_PV_P2M_FRAMES, 8 + BYTES, 0, UINT32_MAX
	};
	const uint32_t info[] = { REC_X86_PV_INFO, 8, 0x0408, 0 };
	unsigned int i;
	off_t offset;

	image_libxc(&self->img, 3, STREAM_GUEST_PV);
	image_add(&self->img, info, sizeof(info));
	offset = (off_t)self->img.len;
	self->fd = image_file(&self->img, false);
	for (i = 0; i < RECORDS; i++) {
		ASSERT_EQ(sizeof(header), pwrite(self->fd, header,
						 sizeof(header), offset));
		offset += 8 + header[1];
	}
	ASSERT_EQ(0, ftruncate(self->fd, offset + 8));

	ASSERT_EQ(0, stream_open(&self->s, self->fd, "test", 0));
	ASSERT_EQ(0, plan_build(&self->p, &self->s))
		TH_LOG("%s", self->s.error);
	EXPECT_EQ(1, self->p.pv.keep.nr);
	EXPECT_GE(1024, self->p.pv.keep.cap);
}

TEST_HARNESS_MAIN
