// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "guest.h"
#include "same.h"

/* A file, its plan and its bytes. */
struct side {
	struct savefile f;
	struct plan p;
	struct fuzz_page *page;
	size_t nr;
	uint8_t *data;
	size_t size;
};

/* Return: 0, or -1 if there is no plan for the file. */
static int open_side(struct side *s, int fd)
{
	struct stat st;

	s->page = NULL;
	s->nr = 0;
	CHECK(!fstat(fd, &st));
	s->size = (size_t)st.st_size;
	s->data = mmap(NULL, s->size, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(s->data != MAP_FAILED);
	CHECK(!savefile_open(&s->f, fd, "file"), "%s", s->f.stream.error);
	if (plan_build(&s->p, &s->f.stream))
		return -1;
	s->page = fuzz_pages(&s->p, &s->nr);
	return 0;
}

static void close_side(struct side *s)
{
	munmap(s->data, s->size);
	free(s->page);
	plan_free(&s->p);
}

static const uint8_t *contents(const struct side *s, size_t i)
{
	static const uint8_t zero[XT_PAGE_SIZE];

	return s->page[i].zero ? zero : s->data + s->page[i].offset;
}

static void compare(const struct side *a, const struct side *b)
{
	size_t i;

	CHECK(a->p.pages == b->p.pages);
	CHECK(a->nr == b->nr);
	for (i = 0; i < a->nr; i++) {
		CHECK(a->page[i].gfn == b->page[i].gfn);
		CHECK(!memcmp(contents(a, i), contents(b, i), XT_PAGE_SIZE));
		CHECK(b->page[i].zero || b->page[i].offset % XT_PAGE_SIZE == 0);
	}
}

bool same_plans(int in, int out)
{
	static struct side a, b;
	bool planned = !open_side(&a, in);

	if (planned) {
		CHECK(!open_side(&b, out), "%s", b.f.stream.error);
		compare(&a, &b);
		close_side(&b);
	}
	close_side(&a);
	return planned;
}

void same_guests(int in, int out)
{
	static struct guest before, after;
	const char *why;

	if (guest_restore(&before, 0, in))
		return;
	why = guest_restore(&after, 0, out);
	CHECK(!why, "%s", why);
	why = guest_differs(&before, &after);
	CHECK(!why, "%s", why);
}
