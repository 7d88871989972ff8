// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format.h"
#include "guest.h"

static char complaint[512];

/* The state of a walk over a file. */
struct walk {
	struct guest *g;
	struct savefile f;
	uint32_t entries;
};

/* Returns the checksum of a page. Counts a page of zeros that takes disk space. */
static uint32_t read_page(struct walk *w, uint64_t offset)
{
	static const uint8_t zero[XT_PAGE_SIZE];
	uint8_t page[XT_PAGE_SIZE];
	off_t data;

	if (pread(w->f.stream.fd, page, sizeof(page), (off_t)offset) !=
	    sizeof(page))
		abort();
	if (!memcmp(page, zero, sizeof(page))) {
		data = lseek(w->f.stream.fd, (off_t)offset, SEEK_DATA);
		if (data >= 0 && data < (off_t)(offset + sizeof(page)))
			w->g->nr_written_zero++;
	}
	return thaw_sum(0, page, sizeof(page));
}

static int restore_run(void *arg, const struct page_run *run)
{
	struct walk *w = arg;
	struct guest *g = w->g;
	struct guest_page *page;
	uint64_t offset;
	uint32_t i;

	for (i = 0; i < run->nr; i++) {
		if (run->pfn + i - g->base >= GUEST_PFNS)
			return stream_fail(&w->f.stream, 0, "pfn outside of the model");
		page = &g->pages[run->pfn + i - g->base];
		if (run->type != PFN_XTAB && run->type != PFN_BROKEN)
			page->populated = true;
		/* set_page_type() does the same, and only for PV guests. */
		if (w->f.stream.guest_type == STREAM_GUEST_PV)
			page->type = run->type;
		if (!run->has_data)
			continue;
		offset = run->offset + (uint64_t)i * XT_PAGE_SIZE;
		page->has_data = true;
		page->sum = read_page(w, offset);
		g->nr_data++;
		g->nr_unaligned += offset % XT_PAGE_SIZE != 0;
	}
	w->entries += run->nr;
	return 0;
}

/* Nothing reads the type of a page without memory, so it must not count as a difference. */
static void forget_types(struct guest *g)
{
	size_t i;

	for (i = 0; i < GUEST_PFNS; i++) {
		if (!g->pages[i].populated)
			g->pages[i].type = 0;
	}
}

static uint32_t sum_range(struct walk *w, uint32_t sum, uint64_t start,
			  uint64_t end)
{
	uint8_t byte[64];
	size_t size;

	for (; start < end; start += size) {
		size = end - start < sizeof(byte) ? end - start : sizeof(byte);
		if (pread(w->f.stream.fd, byte, size, (off_t)start) !=
		    (ssize_t)size)
			abort();
		sum = thaw_sum(sum, byte, size);
	}
	return sum;
}

static int restore_stream(struct walk *w)
{
	struct stream *s = &w->f.stream;
	struct stream_record rec;
	struct guest *g = w->g;

	do {
		if (stream_next(s, &rec))
			return -1;
		if (rec.type == REC_PAGE_DATA) {
			w->entries = 0;
			if (stream_page_runs(s, &rec, restore_run, w))
				return -1;
			g->nr_page_data++;
			if (w->entries > g->most_entries)
				g->most_entries = w->entries;
		} else if (!(rec.type & REC_OPTIONAL)) {
			g->nr_records++;
			g->records = sum_range(w, g->records, rec.offset,
					       s->next);
		}
	} while (rec.type != REC_END);
	return 0;
}

static int restore_tail(struct walk *w)
{
	uint64_t start = w->f.stream.next, end = start;
	struct stream_record rec;

	do {
		if (savefile_next(&w->f, &end, &rec))
			return -1;
	} while (rec.type != LIBXL_REC_END);
	w->g->tail = sum_range(w, 0, start, end);
	return 0;
}

const char *guest_restore(struct guest *g, uint64_t base, int fd)
{
	struct walk w = { .g = g };
	char *config;

	memset(g, 0, sizeof(*g));
	g->base = base;
	if (savefile_open(&w.f, fd, "test") || restore_stream(&w) ||
	    restore_tail(&w)) {
		snprintf(complaint, sizeof(complaint), "%s", w.f.stream.error);
		return complaint;
	}
	config = savefile_config(&w.f);
	if (config)
		g->config = thaw_sum(0, config, strlen(config));
	free(config);
	forget_types(g);
	return NULL;
}

static bool same_page(const struct guest_page *a, const struct guest_page *b)
{
	return a->populated == b->populated && a->has_data == b->has_data &&
	       a->type == b->type && a->sum == b->sum;
}

const char *guest_differs(const struct guest *a, const struct guest *b)
{
	size_t i;

	for (i = 0; i < GUEST_PFNS; i++) {
		if (same_page(&a->pages[i], &b->pages[i]))
			continue;
		snprintf(complaint, sizeof(complaint),
			 "pfn base + %zu: populated %d/%d, data %d/%d, type %x/%x, sum %08x/%08x",
			 i, a->pages[i].populated, b->pages[i].populated,
			 a->pages[i].has_data, b->pages[i].has_data,
			 a->pages[i].type, b->pages[i].type, a->pages[i].sum,
			 b->pages[i].sum);
		return complaint;
	}
	if (a->nr_records != b->nr_records || a->records != b->records)
		return "records of the libxc stream";
	if (a->tail != b->tail)
		return "libxl records after the libxc stream";
	if (a->config != b->config)
		return "configuration";
	return NULL;
}

void guest_pv_head(struct image *img, uint32_t max_pfn)
{
	uint32_t nr = max_pfn / 512 + 1;
	uint64_t *frames = calloc(nr + 1, sizeof(*frames));

	if (!frames)
		abort();
	image_libxc(img, 3, STREAM_GUEST_PV);
	image_record(img, REC_X86_PV_INFO, "\x08\x04\0\0\0\0\0", 8);
	image_record(img, REC_STATIC_DATA_END, NULL, 0);
	frames[0] = htole64((uint64_t)max_pfn << 32);
	image_record(img, REC_X86_PV_P2M_FRAMES, frames, 8 + 8 * nr);
	free(frames);
}

void guest_pv_tail(struct image *img)
{
	img->tail = img->len;
	image_record(img, REC_X86_TSC_INFO, NULL, 24);
	image_record(img, REC_SHARED_INFO, NULL, XT_PAGE_SIZE);
	image_record(img, REC_X86_PV_VCPU_BASIC, NULL, 8 + 5168);
	image_record(img, REC_X86_PV_VCPU_XSAVE, NULL, 8 + 21);
	image_record(img, REC_END, NULL, 0);
}
