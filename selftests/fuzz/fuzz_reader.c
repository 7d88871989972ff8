// SPDX-License-Identifier: GPL-2.0
/* savefile.c and stream.c: what they report about a file agrees with its bytes. */
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "layout.h"
#include "savefile.h"

/* The bytes of a PAGE_DATA record, and how far its runs have got. */
struct list {
	const uint8_t *data;
	size_t size;
	uint64_t entry;
	uint64_t page;
	uint32_t done;
};

/* For stream_page_runs(). */
static int check_run(void *arg, const struct page_run *run)
{
	struct list *l = arg;
	uint64_t entry;
	uint32_t i;

	CHECK(run->nr && run->type <= PFN_XTAB);
	CHECK(run->has_data == (run->type < PFN_BROKEN));
	CHECK(run->offset == (run->has_data ? l->page : 0));
	for (i = 0; i < run->nr; i++, l->done++, l->entry += 8) {
		entry = get64(l->data + l->entry);
		CHECK(entry >> 60 == run->type);
		CHECK((entry & 0xfffffffffffff) == run->pfn + i);
	}
	if (run->has_data)
		l->page += (uint64_t)run->nr * XT_PAGE_SIZE;
	return 0;
}

static int check_pages(struct stream *s, const struct stream_record *rec,
		       const uint8_t *data, size_t size)
{
	struct list l = { .data = data, .size = size };
	uint64_t offset, first;
	uint32_t count;

	count = rec->length < 8 ? 0 : get32(data + rec->body);
	l.entry = rec->body + 8;
	l.page = l.entry + 8 * (uint64_t)count;
	if (stream_page_runs(s, rec, check_run, &l)) {
		CHECK(!l.done);
		return -1;
	}
	CHECK(count && l.done == count);
	CHECK(l.page == rec->body + rec->length);

	first = get64(data + rec->body + 8) & 0xfffffffffffff;
	if (!stream_find_pfn(s, first, &offset))
		CHECK(offset <= rec->offset);
	return 0;
}

static int read_libxc(struct stream *s, const uint8_t *data, size_t size)
{
	uint64_t at = s->next;
	struct stream_record rec;

	do {
		if (stream_next(s, &rec))
			return -1;
		CHECK(rec.offset == at && rec.body == at + 8);
		CHECK(rec.type == get32(data + at));
		CHECK(rec.length == get32(data + at + 4));
		at = rec.body + ((rec.length + 7UL) & ~7UL);
		CHECK(s->next == at && at <= size);
		if (rec.type == REC_PAGE_DATA &&
		    check_pages(s, &rec, data, size))
			return -1;
	} while (rec.type != REC_END);
	return 0;
}

static int read_file(struct savefile *f, int fd, const uint8_t *data,
		     size_t size)
{
	struct stream_record rec;
	uint64_t at;
	char *config;

	if (savefile_open(f, fd, "file"))
		return -1;
	CHECK(f->config + f->config_len <= f->libxl);
	CHECK(f->libxl < f->stream.start && f->stream.start < size);
	config = savefile_config(f);
	if (config)
		CHECK(!memcmp(config, data + f->config, f->config_len));
	free(config);

	if (read_libxc(&f->stream, data, size))
		return -1;
	at = f->stream.next;
	do {
		if (savefile_next(f, &at, &rec))
			return -1;
		CHECK(at > rec.offset && at <= size);
	} while (rec.type != LIBXL_REC_END);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct savefile f;
	int fd = fuzz_file(0, data, size);

	if (read_file(&f, fd, data, size))
		fuzz_check_error(f.stream.error);
	CHECK(lseek(fd, 0, SEEK_CUR) == 0);
	return 0;
}
