// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <sys/mman.h>

#include "fuzz_args.h"

#define PAGE	4096UL

/* Pages of a thread: arguments, extents and a false window, with gaps between them. */
#define PAGES	6

/* A frame above the memory of any host, or a bit that makes a frame one. */
#define NOWHERE	(1ULL << 31)

int fuzzer_init(struct fuzzer *f, struct shared *s, unsigned int index, uint64_t seed)
{
	unsigned int page;

	memset(f, 0, sizeof(*f));
	f->s = s;
	f->index = index;
	f->x = (seed * FUZZ_THREADS + index) * 0x9e3779b97f4a7c15 ?: 1;
	f->memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (f->memory == MAP_FAILED)
		return -1;
	for (page = 1; page < PAGES; page += 2)
		if (mprotect(f->memory + page * PAGE, PAGE, PROT_NONE))
			return -1;
	f->extents = (void *)(f->memory + 3 * PAGE);
	f->extents -= MAX_EXTENTS;
	f->window = f->memory + 4 * PAGE;
	return 0;
}

void fuzzer_free(struct fuzzer *f)
{
	munmap(f->memory, PAGES * PAGE);
}

uint64_t draw(struct fuzzer *f)
{
	f->x ^= f->x << 13;
	f->x ^= f->x >> 7;
	f->x ^= f->x << 17;
	return f->x * 0x2545f4914f6cdd1d;
}

unsigned int draw_below(struct fuzzer *f, unsigned int end)
{
	return (draw(f) >> 32) % end;
}

uint64_t odd_value(struct fuzzer *f, uint64_t now)
{
	static const uint64_t boundaries[] = {
		0, 1, 2, 7, 8, 9, 503, 504, 505, 511, 512, 513, 4095, 4096, 4097,
		0x3fff, 0x4000, 0x4001, 0x7fef, 0x7ff0, 0x7ff4, 0x7fff, 0xffff, 0x10000,
		0x7fffffff, 0x80000000, 0xfffff000, 0xffffffff, 0x100000000,
		0x7fffffffffffefff, 0x7ffffffffffff000, 0x7fffffffffffffff,
		0x8000000000000000, 0xfffffffffffff000, 0xffffffffffffffff,
	};

	switch (draw_below(f, 5)) {
	case 0:
		return now + draw_below(f, 17) - 8;
	case 1:
		return now ^ 1ULL << draw_below(f, 64);
	case 2:
		return draw(f) >> draw_below(f, 64);
	case 3:
		return -(draw(f) >> draw_below(f, 64));
	default:
		return boundaries[draw_below(f, sizeof(boundaries) / sizeof(*boundaries))];
	}
}

uint64_t odd_pointer(struct fuzzer *f, uint64_t now)
{
	f->plain = false;
	switch (draw_below(f, 8)) {
	case 0:
		return 0;
	case 1:
		return 0xffffffff81000000;
	case 2:
		return 0x0000800000000000 - 8 * draw_below(f, 3);
	case 3:
		return (uintptr_t)f->memory + PAGE + 8 * draw_below(f, 8) - 32;
	case 4:
		return (uintptr_t)f->s->readonly;
	case 5:
		return now + 1 + draw_below(f, 7);
	case 6:
		return 0x8000000000000000 | draw(f);
	default:
		return (uintptr_t)f->s->page;
	}
}

/* Never returns another place in the real window, where entries belong to other threads. */
static uint64_t odd_window(struct fuzzer *f, uint64_t now)
{
	switch (draw_below(f, 4)) {
	case 0:
		/* No call names the other domain, so nothing is copied through its window. */
		return (uintptr_t)f->s->other.window;
	case 1:
		return (uintptr_t)f->window;
	default:
		return odd_pointer(f, now);
	}
}

/* Counts how many of @nr frames, from the first on, an extent reaches. */
static unsigned int reaches(const struct xen_thaw_extent *e, const xen_pfn_t *frames,
			    unsigned int nr)
{
	unsigned int i, n = 0;

	for (i = 0; i < nr; i++)
		n += frames[i] - e->frame < e->nr_frames;
	return n;
}

/*
 * Moves an extent away if it reaches a frame that is not the thread's own. A PV domain
 * has machine frames. Its grant table is one of them, and Xen allows a fill of it. So an
 * extent may name only known frames, and frames above all memory.
 */
static void keep_to_own(struct fuzzer *f, struct xen_thaw_extent *e)
{
	const xen_pfn_t *frames = f->s->d.frames;
	const unsigned int own = reaches(e, frames + f->index * OWN_FRAMES, OWN_FRAMES);
	bool away = reaches(e, frames, FUZZ_FRAMES) > own;

	if (f->s->pv)
		away = away || own + reaches(e, f->s->other.frames, FUZZ_FRAMES) < e->nr_frames;
	if (away)
		e->frame |= NOWHERE;
}

static void good_extents(struct fuzzer *f)
{
	const struct domain *d = &f->s->d;
	unsigned int i;

	f->nr = 1 + draw_below(f, MAX_EXTENTS);
	for (i = 0; i < f->nr; i++) {
		struct xen_thaw_extent *e = &f->extents[i];
		const unsigned int first = draw_below(f, OWN_FRAMES);

		*e = (struct xen_thaw_extent) {
			.frame = d->frames[f->index * OWN_FRAMES + first],
			.nr_frames = 1 + draw_below(f, 1 + draw_below(f, OWN_FRAMES - first)),
		};
		if (draw_below(f, 3)) {
			/* No page of the image is zero: none is skipped. */
			e->flags = draw_below(f, 4) ? 0 : XEN_THAW_EXTENT_SKIP_ZERO;
			e->offset = draw(f) % (FUZZ_IMAGE_SIZE - e->nr_frames * PAGE + 1);
		} else {
			e->flags = XEN_THAW_EXTENT_ZERO;
		}
		/* The frames of a PV domain are anywhere. */
		keep_to_own(f, e);
	}
}

static void spoil_extent(struct fuzzer *f)
{
	struct xen_thaw_extent *e = &f->extents[draw_below(f, f->nr)];

	switch (draw_below(f, 4)) {
	case 0:
		e->offset = odd_value(f, e->offset);
		break;
	case 1:
		/* Xen refuses another domain's machine frame. */
		e->frame = draw_below(f, 4) ? odd_value(f, e->frame) :
			   f->s->other.frames[draw_below(f, FUZZ_FRAMES)];
		break;
	case 2:
		e->nr_frames = odd_value(f, e->nr_frames);
		break;
	default:
		e->flags = odd_value(f, e->flags);
	}
	keep_to_own(f, e);
}

/*
 * Never names the other domain, and never uses the real window: fills of two domains
 * may use the same entries, and would overwrite each other's.
 */
static void spoil_domid(struct fuzzer *f, struct xen_thaw_fill *args)
{
	args->domid = odd_value(f, args->domid);
	if (args->domid == f->s->other.id)
		args->domid = 0;
	if (args->domid != f->s->d.id)
		args->window = (uintptr_t)f->window;
}

void spoil_fill(struct fuzzer *f, struct xen_thaw_fill *args)
{
	switch (draw_below(f, 18)) {
	case 0:
		args->size = odd_value(f, args->size);
		break;
	case 1:
		args->flags = draw_below(f, 2) ? XEN_THAW_FILL_DIRECT : odd_value(f, 0);
		break;
	case 2:
		spoil_domid(f, args);
		break;
	case 3:
		args->reserved = odd_value(f, 0);
		break;
	case 4:
		args->extents = odd_pointer(f, args->extents);
		break;
	case 5:
		args->nr_extents = odd_value(f, args->nr_extents);
		f->plain = false;
		break;
	case 6:
		args->first_ref = odd_value(f, args->first_ref);
		break;
	case 7:
		args->nr_refs = odd_value(f, args->nr_refs);
		break;
	case 8:
		args->window = odd_window(f, args->window);
		break;
	case 9:
		args->fd = odd_value(f, args->fd);
		f->plain = false;
		break;
	case 10:
	case 11:
		args->fd = fuzz_file(&f->s->files, draw(f));
		f->plain = false;
		break;
	default:
		spoil_extent(f);
	}
}

void good_fill(struct fuzzer *f, struct xen_thaw_fill *args)
{
	good_extents(f);
	*args = (struct xen_thaw_fill) {
		.size = sizeof(*args),
		.fd = f->s->img.fd,
		.domid = f->s->d.id,
		.extents = (uintptr_t)f->extents,
		.nr_extents = f->nr,
		.first_ref = FIRST_REF + f->index * OWN_REFS,
		.window = (uintptr_t)f->s->d.window,
		.nr_refs = 1 + draw_below(f, OWN_REFS),
		.extent = odd_value(f, 0),
		.extent_frames = odd_value(f, 0),
		.grant_status = odd_value(f, 0),
		.frames_done = odd_value(f, 0),
		.hypercalls = odd_value(f, 0),
		.copy_ops = odd_value(f, 0),
	};
	f->plain = true;
	if (f->s->disk.data && !draw_below(f, 4)) {
		args->fd = f->s->disk.fd;
		args->flags = draw_below(f, 2) ? XEN_THAW_FILL_DIRECT : 0;
	}
}
