// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xenctrl.h>

#include "fill_call.h"

#define PAGE	4096UL

int fill_call_init(struct fill_call *c, int dev)
{
	unsigned int i;

	memset(c, 0, sizeof(*c));
	c->dev = dev;
	c->file = memfd_create("fill_call", MFD_CLOEXEC);
	if (c->file < 0 || ftruncate(c->file, CALL_FILE_SIZE))
		return -1;

	c->window = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c->window == MAP_FAILED || mprotect(c->window + PAGE, PAGE, PROT_NONE))
		return -1;

	for (i = 0; i < CALL_EXTENTS; i++)
		c->extents[i] = (struct xen_thaw_extent) {
			.offset = i * PAGE,
			.frame = 16 + i,
			.nr_frames = 1,
		};
	c->args = (struct xen_thaw_fill) {
		.size = sizeof(c->args),
		.fd = c->file,
		.domid = UNUSED_DOMID,
		.extents = (uintptr_t)c->extents,
		.nr_extents = CALL_EXTENTS,
		.first_ref = 8,
		.window = (uintptr_t)c->window,
		.nr_refs = 8,
	};
	return 0;
}

void fill_call_free(struct fill_call *c)
{
	munmap(c->window, 2 * PAGE);
	close(c->file);
}

static void spoil_results(struct xen_thaw_fill *args)
{
	args->extent = 0x5a5a5a5a;
	args->extent_frames = 0x5a5a5a5a;
	args->grant_status = 0x5a5a5a5a;
	args->frames_done = 0x5a5a5a5a5a5a5a5a;
	args->hypercalls = 0x5a5a5a5a5a5a5a5a;
	args->copy_ops = 0x5a5a5a5a5a5a5a5a;
	args->frames_skipped = 0x5a5a5a5a5a5a5a5a;
}

int fill_refused(struct fill_call *c)
{
	struct fill_call before;

	spoil_results(&c->args);
	before = *c;
	if (!ioctl(c->dev, XEN_THAW_FILL, &c->args)) {
		printf("# the fill succeeded\n");
		return -1;
	}
	if (memcmp(&before, c, sizeof(before))) {
		printf("# refused with errno %d, but wrote to its arguments\n", errno);
		return -1;
	}
	return errno;
}

int fill_refused_at(struct fill_call *c, unsigned int extent)
{
	struct xen_thaw_fill want;

	spoil_results(&c->args);
	want = c->args;
	want.extent = extent;
	want.extent_frames = 0;
	want.grant_status = 0;
	want.frames_done = 0;
	want.hypercalls = 0;
	want.copy_ops = 0;
	want.frames_skipped = 0;

	if (!ioctl(c->dev, XEN_THAW_FILL, &c->args)) {
		printf("# the fill succeeded\n");
		return -1;
	}
	if (memcmp(&want, &c->args, sizeof(want))) {
		printf("# refused with errno %d at extent %u.%u, status %d, %llu frames, %llu hypercalls, %llu ops\n",
		       errno, c->args.extent, c->args.extent_frames,
		       c->args.grant_status,
		       (unsigned long long)c->args.frames_done,
		       (unsigned long long)c->args.hypercalls,
		       (unsigned long long)c->args.copy_ops);
		return -1;
	}
	return errno;
}

bool fill_accepted(struct fill_call *c)
{
	static const unsigned char zeros[PAGE];
	int err = 0;

	spoil_results(&c->args);
	if (ioctl(c->dev, XEN_THAW_FILL, &c->args))
		err = errno;
	if (err == EIO && c->args.grant_status == GNTST_bad_domain &&
	    c->args.hypercalls == 1 && c->args.frames_done == 0 &&
	    c->args.extent == 0 && c->args.extent_frames == 0 &&
	    !memcmp(zeros, c->window, PAGE))
		return true;
	printf("# errno %d, status %d, extent %u.%u, %llu frames, %llu hypercalls\n",
	       err, c->args.grant_status, c->args.extent, c->args.extent_frames,
	       (unsigned long long)c->args.frames_done,
	       (unsigned long long)c->args.hypercalls);
	return false;
}
