// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "list.h"

#define PAGE	4096UL

void list_init(struct list *l, int dev, struct domain *d, struct image *img)
{
	memset(l, 0, sizeof(*l));
	l->dev = dev;
	l->d = d;
	l->img = img;
}

void list_free(struct list *l)
{
	free(l->extents);
}

void list_clear(struct list *l)
{
	l->nr = 0;
	l->frames = 0;
	l->skipped = 0;
}

static void add_extent(struct list *l, uint64_t offset, uint64_t frame,
		       unsigned int nr, unsigned int flags)
{
	if (l->nr == l->room) {
		l->room = l->room ? 2 * l->room : 64;
		l->extents = realloc(l->extents, l->room * sizeof(*l->extents));
		if (!l->extents)
			abort();
	}
	l->extents[l->nr++] = (struct xen_thaw_extent) {
		.offset = offset,
		.frame = frame,
		.nr_frames = nr,
		.flags = flags,
	};
	l->frames += nr;
}

/* Counts contiguous frames from index on, at most nr. */
static unsigned int run_length(const struct domain *d, unsigned int index, unsigned int nr)
{
	unsigned int n = 1;

	while (n < nr && d->frames[index + n] == d->frames[index] + n)
		n++;
	return n;
}

static void add_extents(struct list *l, uint64_t offset, unsigned int index,
			unsigned int nr, unsigned int flags)
{
	unsigned int n;

	for (; nr; nr -= n) {
		n = run_length(l->d, index, nr);
		add_extent(l, offset, l->d->frames[index], n, flags);
		offset += n * PAGE;
		index += n;
	}
}

void list_add(struct list *l, uint64_t offset, unsigned int index, unsigned int nr)
{
	image_bytes(l->img, offset, l->d->expect + index * PAGE, nr * PAGE);
	add_extents(l, offset, index, nr, 0);
}

void list_add_skip_zero(struct list *l, uint64_t offset, unsigned int index, unsigned int nr)
{
	static const unsigned char zeros[PAGE];
	unsigned char page[PAGE];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		image_bytes(l->img, offset + i * PAGE, page, PAGE);
		if (memcmp(page, zeros, PAGE))
			memcpy(l->d->expect + (index + i) * PAGE, page, PAGE);
		else
			l->skipped++;
	}
	add_extents(l, offset, index, nr, XEN_THAW_EXTENT_SKIP_ZERO);
}

void list_add_zero(struct list *l, unsigned int index, unsigned int nr)
{
	unsigned int n;

	memset(l->d->expect + index * PAGE, 0, nr * PAGE);
	for (; nr; nr -= n) {
		n = run_length(l->d, index, nr);
		add_extent(l, 0, l->d->frames[index], n, XEN_THAW_EXTENT_ZERO);
		index += n;
	}
}

void list_add_raw(struct list *l, uint64_t offset, uint64_t frame, unsigned int nr)
{
	add_extent(l, offset, frame, nr, 0);
}

int list_fill(struct list *l, unsigned int first_ref, unsigned int nr_refs)
{
	memset(&l->args, 0xff, sizeof(l->args));
	l->args.size = sizeof(l->args);
	l->args.flags = l->img->direct ? XEN_THAW_FILL_DIRECT : 0;
	l->args.fd = l->img->fd;
	l->args.domid = l->d->id;
	l->args.reserved = 0;
	l->args.extents = (uintptr_t)l->extents;
	l->args.nr_extents = l->nr;
	l->args.first_ref = first_ref;
	l->args.window = (uintptr_t)l->d->window;
	l->args.nr_refs = nr_refs;
	return ioctl(l->dev, XEN_THAW_FILL, &l->args) ? errno : 0;
}

void list_skip_done(struct list *l)
{
	const unsigned int done = l->args.extent_frames;

	l->nr -= l->args.extent;
	memmove(l->extents, l->extents + l->args.extent, l->nr * sizeof(*l->extents));
	l->frames -= l->args.frames_done;
	if (!l->nr)
		return;
	if (!(l->extents->flags & XEN_THAW_EXTENT_ZERO))
		l->extents->offset += done * PAGE;
	l->extents->frame += done;
	l->extents->nr_frames -= done;
}

bool window_is_clear(const struct domain *d, unsigned int first_ref, unsigned int nr_refs)
{
	static const grant_entry_v1_t zero;
	unsigned int ref;

	for (ref = first_ref; ref < first_ref + nr_refs; ref++)
		if (memcmp(&d->window[ref], &zero, sizeof(zero))) {
			printf("# grant entry %u is not zero\n", ref);
			return false;
		}
	return true;
}

static bool numbers_are_right(const struct list *l, int err)
{
	const struct xen_thaw_fill *args = &l->args;
	const uint64_t copied = l->frames - l->skipped;
	const uint64_t batches = (copied + args->nr_refs - 1) / args->nr_refs;

	/*
	 * A frame lies in one or two pages of the file, and takes as many copies.
	 * It takes one copy if the module puts the parts together first.
	 */
	if (!err && args->extent == l->nr && !args->extent_frames &&
	    !args->grant_status && args->frames_done == l->frames &&
	    args->frames_skipped == l->skipped &&
	    args->hypercalls >= batches && args->hypercalls <= copied &&
	    args->copy_ops >= copied && args->copy_ops <= 2 * copied)
		return true;
	printf("# errno %d, extent %u.%u of %u, %llu frames of %llu, %llu skipped of %llu, status %d, %llu hypercalls, %llu ops\n",
	       err, args->extent, args->extent_frames, l->nr,
	       (unsigned long long)args->frames_done,
	       (unsigned long long)l->frames,
	       (unsigned long long)args->frames_skipped,
	       (unsigned long long)l->skipped, args->grant_status,
	       (unsigned long long)args->hypercalls,
	       (unsigned long long)args->copy_ops);
	return false;
}

bool list_fill_right_by(struct list *l, unsigned int first_ref, unsigned int nr_refs)
{
	const off_t at = 4711;
	bool right;

	lseek(l->img->fd, at, SEEK_SET);
	right = numbers_are_right(l, list_fill(l, first_ref, nr_refs));
	if (lseek(l->img->fd, 0, SEEK_CUR) != at) {
		printf("# the file's offset has moved\n");
		right = false;
	}
	right = window_is_clear(l->d, first_ref, nr_refs) && right;
	right = domain_matches(l->d) && right;
	list_clear(l);
	return right;
}

bool list_fill_right(struct list *l)
{
	return list_fill_right_by(l, FIRST_REF, ALL_REFS);
}
