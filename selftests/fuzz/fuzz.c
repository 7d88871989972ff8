// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <err.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "mutate.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed);

/*
 * Most changes know the format, because most bytes of a file are page data, where
 * random changes find nothing.
 */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	struct mutant m = {
		.buf = data,
		.len = size,
		.cap = max_size,
		.seed = seed + 1UL,
	};
	unsigned int changes = 1;

	while (changes < 4 && mutate_random(&m, 2))
		changes++;
	if (mutate_random(&m, 8) == 0)
		m.len = LLVMFuzzerMutate(data, size, max_size);
	while (changes--)
		mutate(&m);
	if (mutate_random(&m, 2))
		mutate_fix_sums(&m);
	return m.len;
}

static bool is_zero(const uint8_t *p, size_t len)
{
	return !p[0] && !memcmp(p, p + 1, len - 1);
}

int fuzz_file(unsigned int which, const uint8_t *data, size_t size)
{
	static int fds[2] = { -1, -1 };
	size_t done, len;
	int fd;

	if (fds[which] < 0)
		fds[which] = memfd_create("image", MFD_CLOEXEC);
	fd = fds[which];
	if (fd < 0 || ftruncate(fd, 0) || ftruncate(fd, (off_t)size) ||
	    lseek(fd, 0, SEEK_SET))
		err(1, "file of %zu bytes", size);

	for (done = 0; done < size; done += len) {
		len = size - done < XT_PAGE_SIZE ? size - done : XT_PAGE_SIZE;
		if (is_zero(data + done, len))
			continue;
		if (pwrite(fd, data + done, len, (off_t)done) != (ssize_t)len)
			err(1, "writing the file");
	}
	return fd;
}

void fuzz_check_error(const char *error)
{
	CHECK(error[0]);
	CHECK(!strncmp(error, "offset ", 7), "%s", error);
	for (; *error; error++)
		CHECK(!iscntrl((unsigned char)*error), "%#x", *error);
}

static int cmp_page(const void *a, const void *b)
{
	const struct fuzz_page *x = a, *y = b;

	if (x->gfn != y->gfn)
		return x->gfn < y->gfn ? -1 : 1;
	return (x->key > y->key) - (x->key < y->key);
}

static void add_page(struct fuzz_page **v, size_t *nr, struct fuzz_page page)
{
	if ((*nr & (*nr - 1)) == 0)
		*v = realloc(*v, (*nr ? 2 * *nr : 1) * sizeof(**v));
	if (!*v)
		err(1, "%zu pages", *nr);
	page.key = *nr;
	(*v)[(*nr)++] = page;
}

/* The entries of all PAGE_DATA records. */
struct entries {
	struct fuzz_page *v;
	size_t nr;
};

/* For stream_page_runs(). */
static int add_entries(void *arg, const struct page_run *run)
{
	struct fuzz_page page = { .zero = !run->has_data };
	struct entries *e = arg;
	uint32_t i;

	if (run->type == PFN_XTAB || run->type == PFN_BROKEN)
		return 0;
	for (i = 0; i < run->nr; i++) {
		page.gfn = run->pfn + i;
		page.offset = page.zero ? 0 :
			      run->offset + (uint64_t)i * XT_PAGE_SIZE;
		add_page(&e->v, &e->nr, page);
	}
	return 0;
}

/* Keeps one entry of each gfn: the last with data, or if none has data, any. */
static void keep_last(struct entries *e)
{
	size_t i, nr = 0;

	if (!e->nr)
		return;
	qsort(e->v, e->nr, sizeof(*e->v), cmp_page);
	for (i = 1; i < e->nr; i++) {
		if (e->v[i].gfn != e->v[nr].gfn)
			e->v[++nr] = e->v[i];
		else if (!e->v[i].zero)
			e->v[nr] = e->v[i];
	}
	e->nr = nr + 1;
}

static void read_entries(struct entries *e, struct stream *s)
{
	struct stream_record rec;

	do {
		CHECK(!stream_next(s, &rec), "%s", s->error);
		if (rec.type == REC_PAGE_DATA)
			CHECK(!stream_page_runs(s, &rec, add_entries, e), "%s",
			      s->error);
	} while (rec.type != REC_END);
	keep_last(e);
}

static void check_populate(const struct plan *p, const struct entries *e)
{
	uint64_t pages = 0, j;
	size_t i;

	for (i = 0; i < p->nr_populate; i++) {
		CHECK(p->populate[i].nr);
		CHECK(!i || p->populate[i].gfn > p->populate[i - 1].gfn +
						 p->populate[i - 1].nr);
		for (j = 0; j < p->populate[i].nr; j++, pages++) {
			CHECK(pages < e->nr);
			CHECK(e->v[pages].gfn == p->populate[i].gfn + j);
		}
	}
	CHECK(pages == e->nr);
	CHECK(pages == p->pages);
}

struct fuzz_page *fuzz_pages(const struct plan *p, size_t *nr)
{
	const struct plan_fill *f;
	struct fuzz_page *v = NULL;
	struct fuzz_page page;
	uint32_t j;
	size_t i;

	*nr = 0;
	for (i = 0; i < p->nr_data + p->nr_zero; i++) {
		f = i < p->nr_data ? &p->data[i] : &p->zero[i - p->nr_data];
		CHECK(f->nr);
		for (j = 0; j < f->nr; j++) {
			page.gfn = f->gfn + j;
			page.offset = f->zero ? 0 : f->offset +
					(uint64_t)j * XT_PAGE_SIZE;
			page.zero = f->zero;
			add_page(&v, nr, page);
		}
	}
	if (*nr)
		qsort(v, *nr, sizeof(*v), cmp_page);
	return v;
}

static void check_fills(const struct plan *p, const struct entries *e,
			const uint8_t *data, size_t size)
{
	struct fuzz_page *v;
	size_t nr, i;

	for (i = 0; i < p->nr_data; i++) {
		CHECK(!p->data[i].zero);
		CHECK(!i || p->data[i].offset > p->data[i - 1].offset);
	}
	for (i = 0; i < p->nr_zero; i++) {
		CHECK(p->zero[i].zero);
		CHECK(!i || p->zero[i].gfn > p->zero[i - 1].gfn);
	}

	v = fuzz_pages(p, &nr);
	CHECK(nr == e->nr, "%zu pages, not %zu", nr, e->nr);
	for (i = 0; i < nr; i++) {
		CHECK(v[i].gfn == e->v[i].gfn);
		if (!v[i].zero) {
			CHECK(v[i].offset == e->v[i].offset);
			CHECK(size - v[i].offset >= XT_PAGE_SIZE);
		} else if (!e->v[i].zero) {
			CHECK(is_zero(data + e->v[i].offset, XT_PAGE_SIZE));
		}
	}
	free(v);
}

void fuzz_check_plan(const struct plan *p, struct stream *s,
		     const uint8_t *data, size_t size)
{
	struct entries e = { 0 };

	read_entries(&e, s);
	check_populate(p, &e);
	check_fills(p, &e, data, size);
	free(e.v);
}
