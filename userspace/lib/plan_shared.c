// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dom0.h"
#include "format.h"
#include "plan_shared.h"
#include "savefile.h"

#define MAGIC	UINT64_C(0x31306e616c507458)	/* "XtPlan01" */

/* Writer and reader are installed together; the sizes tell others apart. */
#define LAYOUT	(sizeof(struct shared) << 32 | sizeof(struct plan_range) << 16 | \
		 sizeof(struct plan_fill))

/* What nobody may do to the memory any more. */
#define SEALS	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* The arrays of a plan. */
#define NR_ARRAYS	8

/**
 * struct shared - the head of the memory; the arrays follow
 * @magic: MAGIC
 * @layout: LAYOUT
 * @size: of all
 * @dev: of the file, as the next members
 * @ino: its inode
 * @rdev: of a block device
 * @file_size: bytes
 * @mtime_s: of its last change
 * @mtime_ns: the same
 * @start: offset of the libxc stream
 * @scalars: the plan, with pointers that mean nothing
 * @nr: members of each array
 * @sum: CRC32C of all, with this member 0
 */
struct shared {
	uint64_t magic;
	uint64_t layout;
	uint64_t size;
	uint64_t dev;
	uint64_t ino;
	uint64_t rdev;
	uint64_t file_size;
	int64_t mtime_s;
	int64_t mtime_ns;
	uint64_t start;
	struct plan scalars;
	uint64_t nr[NR_ARRAYS];
	uint32_t sum;
};

/* One array of a plan: where its address and its number are. */
struct array {
	void **v;
	size_t *nr;
	size_t *cap;
	size_t size;
};

static void list_arrays(struct plan *p, struct array arrays[NR_ARRAYS])
{
	const struct array all[NR_ARRAYS] = {
		{ (void **)&p->populate, &p->nr_populate, NULL, sizeof(*p->populate) },
		{ (void **)&p->data, &p->nr_data, NULL, sizeof(*p->data) },
		{ (void **)&p->zero, &p->nr_zero, NULL, sizeof(*p->zero) },
		/* A hash: unused members count, too. */
		{ (void **)&p->pv.keep.v, &p->pv.keep.cap, NULL, sizeof(*p->pv.keep.v) },
		{ (void **)&p->pv.of_vcpus.v, &p->pv.of_vcpus.nr, &p->pv.of_vcpus.cap,
		  sizeof(*p->pv.of_vcpus.v) },
		{ (void **)&p->pod.ranges.v, &p->pod.ranges.nr, &p->pod.ranges.cap,
		  sizeof(*p->pod.ranges.v) },
		{ (void **)&p->pod.bare.v, &p->pod.bare.nr, &p->pod.bare.cap,
		  sizeof(*p->pod.bare.v) },
		{ (void **)&p->pod.zero.v, &p->pod.zero.nr, &p->pod.zero.cap,
		  sizeof(*p->pod.zero.v) },
	};

	memcpy(arrays, all, sizeof(all));
}

int plan_for_restore(struct plan *p, struct stream *s)
{
	int ret = plan_build(p, s);

	if (p->whole && savefile_check_tail(s, s->next))
		return -1;
	if (ret)
		return ret;
	if (s->guest_type == STREAM_GUEST_PV)
		ret = plan_remove_kept(p);
	else
		ret = plan_choose_pod(p, plan_pod_least(dom0_is_pvh()), s->fd);
	return ret ? stream_fail(s, 0, "no memory") : 0;
}

static void describe(struct shared *h, const struct stat *st, uint64_t start)
{
	h->magic = MAGIC;
	h->layout = LAYOUT;
	h->dev = st->st_dev;
	h->ino = st->st_ino;
	h->start = start;
	/* udev sets the mtime of a block device's node. */
	if (S_ISBLK(st->st_mode)) {
		h->rdev = st->st_rdev;
		return;
	}
	h->file_size = (uint64_t)st->st_size;
	h->mtime_s = st->st_mtim.tv_sec;
	h->mtime_ns = st->st_mtim.tv_nsec;
}

static int write_all(int fd, const void *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = write(fd, (const char *)buf + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

static int write_plan(int fd, const struct shared *h,
		      const struct array arrays[NR_ARRAYS])
{
	int i;

	if (write_all(fd, h, sizeof(*h)))
		return -1;
	for (i = 0; i < NR_ARRAYS; i++)
		if (write_all(fd, *arrays[i].v, *arrays[i].nr * arrays[i].size))
			return -1;
	return fcntl(fd, F_ADD_SEALS, SEALS);
}

int plan_share(const struct plan *p, const struct stream *s,
	       const struct stat *st)
{
	struct plan copy = *p;
	struct array arrays[NR_ARRAYS];
	struct shared h;
	int fd, i;

	/* Padding is summed, too. */
	memset(&h, 0, sizeof(h));
	describe(&h, st, s->start);
	list_arrays(&copy, arrays);
	h.size = sizeof(h);
	memcpy(&h.scalars, p, sizeof(h.scalars));
	for (i = 0; i < NR_ARRAYS; i++) {
		h.nr[i] = *arrays[i].nr;
		h.size += h.nr[i] * arrays[i].size;
	}
	h.sum = thaw_sum(0, &h, sizeof(h));
	for (i = 0; i < NR_ARRAYS; i++)
		h.sum = thaw_sum(h.sum, *arrays[i].v,
				 h.nr[i] * arrays[i].size);

	fd = memfd_create("xen-thaw-plan", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd >= 0 && write_plan(fd, &h, arrays)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int refuse(struct stream *s, const char *why)
{
	return stream_fail(s, s->start, "%s", why);
}

static int check_memory(struct stream *s, int fd, uint64_t *size)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0 || (seals & SEALS) != SEALS)
		return refuse(s, "the shared plan is not in sealed memory");
	if (fstat(fd, &st))
		return refuse(s, strerror(errno));
	if (st.st_uid != geteuid())
		return refuse(s, "the shared plan is another user's");
	*size = (uint64_t)st.st_size;
	return 0;
}

static int check_head(struct stream *s, const struct shared *h, uint64_t size,
		      const struct stat *st)
{
	struct shared now;
	struct plan unused;
	struct array arrays[NR_ARRAYS];
	uint64_t left = size - sizeof(*h);
	int i;

	memset(&now, 0, sizeof(now));
	describe(&now, st, s->start);
	if (h->magic != now.magic || h->layout != now.layout || h->size != size)
		return refuse(s, "the shared plan is of another version of xen-thaw");
	if (h->dev != now.dev || h->ino != now.ino || h->rdev != now.rdev ||
	    h->start != now.start)
		return refuse(s, "the shared plan is of another file");
	if (h->file_size != now.file_size || h->mtime_s != now.mtime_s ||
	    h->mtime_ns != now.mtime_ns)
		return refuse(s, "the file was changed since the shared plan was made");
	list_arrays(&unused, arrays);
	for (i = 0; i < NR_ARRAYS; i++) {
		if (h->nr[i] > left / arrays[i].size)
			return refuse(s, "the shared plan is damaged: its length");
		left -= h->nr[i] * arrays[i].size;
	}
	return left ? refuse(s, "the shared plan is damaged: its length") : 0;
}

static int check_sum(struct stream *s, const struct shared *h)
{
	struct shared copy;

	memcpy(&copy, h, sizeof(copy));
	copy.sum = 0;
	if (thaw_sum(thaw_sum(0, &copy, sizeof(copy)), h + 1,
		     h->size - sizeof(*h)) != h->sum)
		return refuse(s, "the shared plan is damaged: its checksum");
	return 0;
}

/* plan_free() frees each array. */
static int copy_arrays(struct plan *p, struct stream *s, const struct shared *h)
{
	const char *from = (const char *)(h + 1);
	struct array arrays[NR_ARRAYS];
	int i;

	memcpy(p, &h->scalars, sizeof(*p));
	list_arrays(p, arrays);
	for (i = 0; i < NR_ARRAYS; i++)
		*arrays[i].v = NULL;
	for (i = 0; i < NR_ARRAYS; i++) {
		size_t size = h->nr[i] * arrays[i].size;

		*arrays[i].nr = h->nr[i];
		if (arrays[i].cap)
			*arrays[i].cap = h->nr[i];
		if (!size)
			continue;
		*arrays[i].v = malloc(size);
		if (!*arrays[i].v)
			return refuse(s, "no memory");
		memcpy(*arrays[i].v, from, size);
		from += size;
	}
	return 0;
}

static int take_mapped(struct plan *p, struct stream *s, int fd,
		       const struct stat *st)
{
	const struct shared *h;
	uint64_t size = 0;
	int ret;

	if (check_memory(s, fd, &size))
		return -1;
	if (size < sizeof(*h))
		return refuse(s, "the shared plan is damaged: its length");
	h = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (h == MAP_FAILED)
		return refuse(s, strerror(errno));
	ret = check_head(s, h, size, st) || check_sum(s, h) ||
	      copy_arrays(p, s, h) ? -1 : 0;
	munmap((void *)h, size);
	return ret;
}

int plan_take(struct plan *p, struct stream *s, const char *path,
	      const struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

	memset(p, 0, sizeof(*p));
	if (fd < 0)
		return stream_fail(s, s->start, "the shared plan %s: %s", path,
				   strerror(errno));
	ret = take_mapped(p, s, fd, st);
	close(fd);
	if (ret)
		plan_free(p);
	return ret;
}
