// SPDX-License-Identifier: GPL-2.0
/*
 * plan.c: a plan has each page once, with its last data, and no byte outside the file.
 * plan_pod.c takes whole ranges out of it, and loses no page.
 */
#include <unistd.h>

#include "fuzz.h"
#include "savefile.h"

static uint64_t sum_ranges(const struct plan_range *v, size_t nr)
{
	uint64_t sum = 0;

	while (nr)
		sum += v[--nr].nr;
	return sum;
}

static uint64_t sum_fills(const struct plan_fill *v, size_t nr)
{
	uint64_t sum = 0;

	while (nr)
		sum += v[--nr].nr;
	return sum;
}

static void check_pod(struct plan *p, int fd)
{
	const uint64_t data = sum_fills(p->data, p->nr_data);
	const struct ranges *r = &p->pod.ranges;
	uint64_t last = 0;
	size_t i;

	CHECK(!plan_choose_pod(p, 1 + data % SUPERPAGE_FRAMES, fd));
	CHECK(sum_ranges(p->populate, p->nr_populate) + p->pod.pages == p->pages);
	CHECK(sum_ranges(r->v, r->nr) == p->pod.pages);
	CHECK(sum_fills(p->zero, p->nr_zero) + p->pod.zero_pages == p->zero_pages);
	CHECK(sum_fills(p->pod.zero.v, p->pod.zero.nr) == p->pod.zero_pages);
	CHECK(sum_fills(p->data, p->nr_data) == data);
	for (i = 0; i < r->nr; last = r->v[i].gfn + r->v[i].nr, i++)
		CHECK(r->v[i].gfn >= last && r->v[i].nr &&
		      !((r->v[i].gfn | r->v[i].nr) % SUPERPAGE_FRAMES));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct savefile f, again;
	int fd = fuzz_file(0, data, size), ret;
	struct plan p;

	if (savefile_open(&f, fd, "file"))
		return 0;
	again = f;
	ret = plan_build(&p, &f.stream);
	CHECK(lseek(fd, 0, SEEK_CUR) == 0);
	if (ret) {
		fuzz_check_error(f.stream.error);
	} else {
		CHECK(p.end + 8 == f.stream.next);
		CHECK(p.first_after_data <= p.end);
		CHECK(p.head_end <= p.first_after_data);
		fuzz_check_plan(&p, &again.stream, data, size);
		check_pod(&p, fd);
	}
	plan_free(&p);
	return 0;
}
