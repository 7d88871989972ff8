// SPDX-License-Identifier: GPL-2.0
/* Streams that are read once give the pages that a file gives. */
#include "kselftest_harness.h"

#include "bad.h"
#include "image.h"
#include "pieces.h"
#include "pour.h"

FIXTURE(pieces)
{
	struct image img;
	struct poured stream;
	struct poured file;
	int fd;
	int ret;
};

FIXTURE_SETUP(pieces)
{
	memset(self, 0, sizeof(*self));
	image_hvm_head(&self->img);
}

FIXTURE_TEARDOWN(pieces)
{
	free(self->stream.page);
	free(self->file.page);
	image_free(&self->img);
}

/* Returns a difference between the two ways to restore the image, or NULL. */
static const char *differs(struct _test_data_pieces *self)
{
	static struct stream s;
	const char *why = NULL;
	struct plan plan;

	image_hvm_tail(&self->img);
	self->fd = image_file(&self->img, false);
	if (stream_open(&s, self->fd, "file", 0) || plan_build(&plan, &s))
		return s.error;
	poured_plan(&self->file, &plan, self->fd);
	if (pour(&self->stream, self->fd) || self->stream.wrong)
		why = self->stream.error;
	else if (self->stream.left != self->img.len)
		why = "not read up to END";
	else
		why = poured_differs(&self->stream, &self->file);
	plan_free(&plan);
	close(self->fd);
	return why;
}

TEST_F(pieces, none)
{
	EXPECT_EQ(NULL, differs(self));
	EXPECT_EQ(0, self->stream.pieces);
}

/* As stock writes a guest: records of 1024 pages. */
TEST_F(pieces, in_order)
{
	uint64_t pfn;

	image_page_range(&self->img, PFN_NOTAB, 0, 0xa0);
	image_page_range(&self->img, PFN_NOTAB, 0xc0, 1024 - 0xc0);
	for (pfn = 1024; pfn < 5 * 1024; pfn += 1024)
		image_page_range(&self->img, PFN_NOTAB, pfn, 1024);
	image_page_range(&self->img, PFN_XTAB, pfn, 1024);
	EXPECT_EQ(NULL, differs(self));
	EXPECT_EQ(9, self->stream.superpages);
	EXPECT_EQ(5, self->stream.pieces);
}

/* Whatever the records are, a piece ends at a multiple of 2 MiB. */
TEST_F(pieces, unaligned)
{
	uint64_t pfn;

	for (pfn = 100; pfn < 4000; pfn += 300)
		image_page_range(&self->img, PFN_NOTAB, pfn, 300);
	EXPECT_EQ(NULL, differs(self));
	EXPECT_EQ(6, self->stream.superpages);
}

/* A record of more pages than a piece has. */
TEST_F(pieces, long_record)
{
	image_page_range(&self->img, PFN_NOTAB, 5, 3 * PIECE_PAGES);
	image_page_range(&self->img, PFN_XALLOC, 0x100000, 40 * PIECE_PAGES);
	EXPECT_EQ(NULL, differs(self));
	EXPECT_EQ(80 + 5, self->stream.superpages);
}

/* A live save: pages come again, with and without contents, before and after. */
TEST_F(pieces, again)
{
	image_page_range(&self->img, PFN_NOTAB, 0, 1000);
	image_page_range(&self->img, PFN_XALLOC, 1000, 100);
	image_page_range(&self->img, PFN_NOTAB, 500, 100);
	image_page_range(&self->img, PFN_XALLOC, 510, 5);
	image_page_range(&self->img, PFN_NOTAB, 1010, 7);
	image_page_range(&self->img, PFN_XTAB, 0, 10);
	image_page_range(&self->img, PFN_NOTAB, 0, 1024);
	image_page_range(&self->img, PFN_NOTAB, 1015, 1024);
	image_page_range(&self->img, PFN_NOTAB, 3, 1);
	EXPECT_EQ(NULL, differs(self));
	EXPECT_EQ(2039, self->stream.nr);
}

/* Twice in one record. */
TEST_F(pieces, twice)
{
	const uint64_t entries[] = {
		ENTRY(PFN_NOTAB, 9), ENTRY(PFN_NOTAB, 8), ENTRY(PFN_NOTAB, 9),
		ENTRY(PFN_XALLOC, 8), ENTRY(PFN_XALLOC, 7), ENTRY(PFN_NOTAB, 7),
		ENTRY(PFN_XALLOC, 6), ENTRY(PFN_XTAB, 5), ENTRY(PFN_BROKEN, 9),
	};

	image_pages(&self->img, entries, 9);
	EXPECT_EQ(NULL, differs(self));
	EXPECT_EQ(4, self->stream.nr);
}

/* More runs than a piece may have. */
TEST_F(pieces, many_runs)
{
	enum { NR = 10000 };
	static uint64_t entries[NR];
	uint64_t i;

	for (i = 0; i < NR; i++)
		entries[i] = ENTRY(PFN_XALLOC, i * 77777 % NR * 2);
	image_pages(&self->img, entries, NR);
	EXPECT_EQ(NULL, differs(self));
	EXPECT_EQ(NR, self->stream.nr);
	EXPECT_LT(1, self->stream.pieces);
}

TEST_HARNESS_MAIN
