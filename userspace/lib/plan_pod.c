// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "pages.h"
#include "plan.h"
#include "plan_pod.h"

/*
 * One page of so many is looked at, to estimate how many are zero: of the whole file,
 * and if any is, of each range.
 */
#define FIRST_STEP	1024U
#define RANGE_STEP	128U

/* Bytes that show that a page is not zero, nearly always. */
#define FIRST_LOOK	64U

/**
 * struct zero_count - zero pages found in a 2 MiB range that has data, too
 * @gfn: the range's first
 * @nr: zero pages
 */
struct zero_count {
	uint64_t gfn;
	uint64_t nr;
};

struct zero_counts {
	struct zero_count *v;
	size_t nr;
	size_t cap;
	bool unmarked;	/* some were found in the file's data */
};

static uint64_t range_of(uint64_t gfn)
{
	return gfn & -(uint64_t)SUPERPAGE_FRAMES;
}

static int add_count(struct zero_counts *c, uint64_t gfn, uint64_t nr)
{
	const size_t cap = c->cap ? 2 * c->cap : 64;
	struct zero_count *v;

	if (c->nr && c->v[c->nr - 1].gfn == range_of(gfn)) {
		c->v[c->nr - 1].nr += nr;
		return 0;
	}
	if (c->nr == c->cap) {
		v = reallocarray(c->v, cap, sizeof(*v));
		if (!v)
			return -1;
		c->v = v;
		c->cap = cap;
	}
	c->v[c->nr++] = (struct zero_count){ .gfn = range_of(gfn), .nr = nr };
	return 0;
}

/* Counts marked zero pages; whole ranges of them need no count. */
static int count_marked(struct plan *p, struct zero_counts *c)
{
	size_t i;

	for (i = 0; i < p->nr_zero; i++) {
		uint64_t gfn = p->zero[i].gfn;
		const uint64_t end = gfn + p->zero[i].nr;

		while (gfn < end) {
			uint64_t next = range_of(gfn) + SUPERPAGE_FRAMES;
			int err;

			if (next > end)
				next = end;
			if (next - gfn == SUPERPAGE_FRAMES) {
				next = range_of(end);
				err = ranges_add(&p->pod.bare, gfn, next - gfn);
			} else {
				err = add_count(c, gfn, next - gfn);
			}
			if (err)
				return -1;
			gfn = next;
		}
	}
	return 0;
}

/* A file that is in memory, on a filesystem that may not know RWF_NOWAIT. */
static bool is_in_memory(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) &&
	       (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

/* Not every libc has preadv2(). On x86-64 the offset is one word. */
static ssize_t read_at(int fd, void *to, size_t len, uint64_t offset, int flags)
{
	const struct iovec v = { .iov_base = to, .iov_len = len };

	return syscall(SYS_preadv2, fd, &v, 1L, (long)offset, 0L, flags);
}

/* Return: 1 if bytes are zero, 0 if not or if not cached, -1: never ask again. */
static int look(int fd, size_t len, uint64_t offset, int *flags)
{
	uint8_t bytes[XT_PAGE_SIZE];
	ssize_t n = read_at(fd, bytes, len, offset, *flags);

	if (n < 0 && errno == EOPNOTSUPP && *flags && is_in_memory(fd)) {
		*flags = 0;
		n = read_at(fd, bytes, len, offset, 0);
	}
	if (n < 0 && errno == EOPNOTSUPP)
		return -1;
	return n == (ssize_t)len && bytes_are_zero(bytes, len);
}

static int sample(int fd, uint64_t offset, int *flags)
{
	int zero = look(fd, FIRST_LOOK, offset, flags);

	return zero > 0 ? look(fd, XT_PAGE_SIZE, offset, flags) : zero;
}

/* Looks at one gfn in so many. Return: 0 to go on, 1 if it can stop, -1 without memory. */
static int look_at_run(const struct plan_fill *f, int fd, unsigned int step,
		       struct zero_counts *c, int *flags)
{
	uint64_t at;

	for (at = -f->gfn & (step - 1); at < f->nr; at += step) {
		const int zero = sample(fd, f->offset + at * XT_PAGE_SIZE, flags);

		if (zero < 0)
			return 1;
		c->unmarked |= zero;
		if (zero && step == FIRST_STEP)
			return 1;
		if (zero && add_count(c, f->gfn + at, step))
			return -1;
	}
	return 0;
}

static int look_at_data(const struct plan *p, int fd, unsigned int step,
			struct zero_counts *c)
{
	int flags = RWF_NOWAIT, ret = 0;
	size_t i;

	for (i = 0; !ret && i < p->nr_data; i++)
		ret = look_at_run(&p->data[i], fd, step, c, &flags);
	return ret < 0 ? -1 : 0;
}

/* Estimates how many pages of the file are zero that nobody marked. */
static int count_data(const struct plan *p, int fd, struct zero_counts *c)
{
	if (look_at_data(p, fd, FIRST_STEP, c))
		return -1;
	return c->unmarked ? look_at_data(p, fd, RANGE_STEP, c) : 0;
}

static int cmp_count(const void *a, const void *b)
{
	const struct zero_count *x = a, *y = b;

	return (x->gfn > y->gfn) - (x->gfn < y->gfn);
}

static bool is_populated(const struct plan *p, uint64_t gfn)
{
	const struct plan_range *r;

	r = range_at(p->populate, p->nr_populate, gfn);
	return r && r->gfn <= gfn && gfn + SUPERPAGE_FRAMES <= r->gfn + r->nr;
}

/* Chooses ranges. Those in which only zero pages are counted are in bare already. */
static int choose(struct plan *p, unsigned int least, struct zero_counts *c)
{
	struct plan_pod *pod = &p->pod;
	size_t i, k;

	for (i = 0; i < pod->bare.nr; i++)
		if (ranges_add(&pod->ranges, pod->bare.v[i].gfn,
			       pod->bare.v[i].nr))
			return -1;
	if (c->nr)
		qsort(c->v, c->nr, sizeof(*c->v), cmp_count);
	for (i = 0; i < c->nr; i = k) {
		const uint64_t gfn = c->v[i].gfn;
		uint64_t nr = 0;

		for (k = i; k < c->nr && c->v[k].gfn == gfn; k++)
			nr += c->v[k].nr;
		if (nr >= least && is_populated(p, gfn) &&
		    ranges_add(&pod->ranges, gfn, SUPERPAGE_FRAMES))
			return -1;
	}
	ranges_normalize(&pod->ranges);
	for (i = 0; i < pod->ranges.nr; i++)
		pod->pages += pod->ranges.v[i].nr;
	return 0;
}

/* Takes the chosen ranges, each of which lies within one, out of those to populate. */
static int split_populate(struct plan *p)
{
	const struct ranges *pod = &p->pod.ranges;
	struct ranges rest = { 0 };
	size_t i, k = 0;

	for (i = 0; i < p->nr_populate; i++) {
		uint64_t gfn = p->populate[i].gfn;
		const uint64_t end = gfn + p->populate[i].nr;

		for (; k < pod->nr && pod->v[k].gfn < end; k++) {
			if (pod->v[k].gfn > gfn &&
			    ranges_add(&rest, gfn, pod->v[k].gfn - gfn))
				goto out_free;
			gfn = pod->v[k].gfn + pod->v[k].nr;
		}
		if (end > gfn && ranges_add(&rest, gfn, end - gfn))
			goto out_free;
	}
	free(p->populate);
	p->populate = rest.v;
	p->nr_populate = rest.nr;
	return 0;

out_free:
	free(rest.v);
	return -1;
}

/* Return: how many gfns of a run are all within the chosen ranges, or all not. */
static uint32_t same_side(const struct plan_pod *pod, const struct plan_fill *f,
			  bool *inside)
{
	const struct plan_range *r;
	uint64_t end = f->gfn + f->nr;

	r = range_at(pod->ranges.v, pod->ranges.nr, f->gfn);
	*inside = r && r->gfn <= f->gfn;
	if (*inside && r->gfn + r->nr < end)
		end = r->gfn + r->nr;
	else if (r && !*inside && r->gfn < end)
		end = r->gfn;
	return end - f->gfn;
}

static int split_zero(struct plan *p)
{
	struct fills rest = { 0 };
	size_t i;

	for (i = 0; i < p->nr_zero; i++) {
		struct plan_fill left = p->zero[i];

		while (left.nr) {
			bool inside;
			uint32_t n = same_side(&p->pod, &left, &inside);
			struct plan_fill part = fill_cut(&left, n);

			if (fills_add(inside ? &p->pod.zero : &rest, &part)) {
				free(rest.v);
				return -1;
			}
			if (inside)
				p->pod.zero_pages += part.nr;
		}
	}
	free(p->zero);
	p->zero = rest.v;
	p->nr_zero = rest.nr;
	return 0;
}

/* Adds the part of a run that lies in one range; its first page is written anyway. */
static int add_skipping(struct fills *out, const struct plan_fill *part)
{
	struct plan_fill rest = *part;
	const struct plan_fill first = fill_cut(&rest, 1);

	rest.skip_zero = true;
	if (fills_add(out, &first))
		return -1;
	return rest.nr ? fills_add(out, &rest) : 0;
}

static int split_data(struct plan *p)
{
	struct fills out = { 0 };
	size_t i;

	for (i = 0; i < p->nr_data; i++) {
		struct plan_fill left = p->data[i];

		while (left.nr) {
			const uint32_t in_range = SUPERPAGE_FRAMES -
						  left.gfn % SUPERPAGE_FRAMES;
			bool inside;
			uint32_t n = same_side(&p->pod, &left, &inside);
			struct plan_fill part;

			if (inside && n > in_range)
				n = in_range;
			part = fill_cut(&left, n);
			if (inside ? add_skipping(&out, &part)
				   : fills_add(&out, &part)) {
				free(out.v);
				return -1;
			}
		}
	}
	free(p->data);
	p->data = out.v;
	p->nr_data = out.nr;
	return 0;
}

unsigned int plan_pod_least(bool pvh_dom0)
{
	return SUPERPAGE_FRAMES / (pvh_dom0 ? 8 : 2);
}

int plan_choose_pod(struct plan *p, unsigned int least, int fd)
{
	struct zero_counts c = { 0 };
	int err;

	err = count_marked(p, &c);
	if (!err)
		err = count_data(p, fd, &c);
	if (!err)
		err = choose(p, least, &c);
	free(c.v);
	if (err || !p->pod.ranges.nr)
		return err;
	if (split_populate(p) || split_zero(p))
		return -1;
	return c.unmarked ? split_data(p) : 0;
}

void plan_pod_free(struct plan_pod *pod)
{
	free(pod->ranges.v);
	free(pod->bare.v);
	free(pod->zero.v);
	memset(pod, 0, sizeof(*pod));
}
