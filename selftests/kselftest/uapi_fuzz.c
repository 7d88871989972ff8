// SPDX-License-Identifier: GPL-2.0
/*
 * Random and boundary values for each argument of each call. Four threads share
 * one domain and one window, while descriptors are closed and replaced, memory is
 * unmapped and signals arrive. XEN_THAW_FUZZ_CALLS is the number of calls.
 * XEN_THAW_FUZZ_SEED is the seed, and a run prints its seed. A seed always gives
 * the same arguments, but not the same timing.
 */

#include <pthread.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "fuzz_args.h"
#include "memory.h"
#include "thaw_test.h"

#define DEFAULT_CALLS	20000UL

/* True if the place is in the list, and all numbers agree with it. */
static bool place_agrees(const struct fuzzer *f, const struct xen_thaw_fill *a, int err)
{
	uint64_t frames = a->extent_frames;
	unsigned int i;

	if (a->extent > f->nr || (!err && a->extent < f->nr))
		return false;
	/* Before the first frame, the extent is the one that was refused. */
	if (!a->hypercalls)
		return err && !a->extent_frames && !a->grant_status && !a->frames_done &&
		       !a->copy_ops;
	for (i = 0; i < a->extent; i++)
		frames += f->extents[i].nr_frames;
	if (frames != a->frames_done || a->copy_ops < a->frames_done)
		return false;
	if (a->grant_status && (err != EIO || a->grant_status > 0))
		return false;
	if (a->extent == f->nr)
		return !err && !a->extent_frames;
	return a->extent_frames < f->extents[a->extent].nr_frames;
}

static bool results_agree(const struct fuzzer *f, const struct xen_thaw_fill *before,
			  const struct xen_thaw_fill *after, int err)
{
	const size_t first = offsetof(struct xen_thaw_fill, extent);
	bool same;

	if (memcmp(before, after, first))
		return false;
	same = !memcmp((char *)before + first, (char *)after + first, sizeof(*before) - first);
	switch (err) {
	case E2BIG:
	case EBADF:
	case ENODEV:
	case ENOTTY:
	case EOVERFLOW:
	case ERANGE:
		return same;
	case EFAULT:
	case EINVAL:
	case ENOMEM:
	case EOPNOTSUPP:
		/* An error before the first frame, or an error from reading the file. */
		return same || !f->plain || place_agrees(f, after, err);
	default:
		return !f->plain || place_agrees(f, after, err);
	}
}

/* After a successful fill, each frame has the data of the last extent naming it. */
static bool frames_agree(const struct fuzzer *f)
{
	static __thread unsigned char want[THAW_PAGE_SIZE];
	const struct domain *d = &f->s->d;
	unsigned int i, k, at;

	for (i = f->index * OWN_FRAMES; i < (f->index + 1) * OWN_FRAMES; i++) {
		const struct xen_thaw_extent *last = NULL;

		for (k = 0; k < f->nr; k++)
			if (d->frames[i] - f->extents[k].frame < f->extents[k].nr_frames)
				last = &f->extents[k];
		if (!last)
			continue;
		at = d->frames[i] - last->frame;
		memset(want, 0, sizeof(want));
		if (!(last->flags & XEN_THAW_EXTENT_ZERO))
			image_bytes(&f->s->img, last->offset + at * THAW_PAGE_SIZE, want,
				    sizeof(want));
		if (memcmp(want, d->memory + i * THAW_PAGE_SIZE, sizeof(want)))
			return false;
	}
	return true;
}

static void count(struct fuzzer *f, int err, bool right, const char *call)
{
	static const int documented[] = {
		0, E2BIG, EFAULT, EINVAL, ENOTTY, EBADF, ENODEV, EOVERFLOW, ERANGE,
		ENODATA, EBUSY, EOPNOTSUPP, ENOMEM, EINTR, EIO,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(documented) && documented[i] != err; i++)
		;
	if (i == ARRAY_SIZE(documented))
		right = false;
	f->seen[err < MAX_ERRNO ? err : 0]++;
	if (!right && !f->wrong++)
		printf("# thread %u, %lu calls to go: %s: errno %d\n", f->index, f->calls,
		       call, err);
}

static void call_fill(struct fuzzer *f)
{
	struct xen_thaw_fill *args = (void *)f->memory, before;
	unsigned int spoilt = draw_below(f, 4);
	int dev = f->s->dev, err;
	void *at = args;
	bool right;

	good_fill(f, args);
	while (spoilt--)
		spoil_fill(f, args);
	/* These bytes are the surplus of a size that is too large. */
	if (!draw_below(f, 8))
		f->memory[sizeof(*args) + draw_below(f, THAW_PAGE_SIZE - sizeof(*args))] = 1;
	before = *args;
	if (!draw_below(f, 32))
		dev = fuzz_file(&f->s->files, draw(f));
	if (!draw_below(f, 32))
		at = (void *)odd_pointer(f, (uintptr_t)args);

	err = thaw_ioctl(dev, XEN_THAW_FILL, at);
	if (at != args)
		right = at == f->s->page || !memcmp(&before, args, sizeof(before));
	else
		right = results_agree(f, &before, args, err);
	if (!err && f->plain && at == args && dev == f->s->dev)
		right = right && frames_agree(f);
	count(f, err, right, "fill");
	memset(f->memory, 0, THAW_PAGE_SIZE);
}

static void call_query(struct fuzzer *f)
{
	struct xen_thaw_query *query = (void *)f->memory;
	void *at = query;
	int err;

	query->size = sizeof(*query);
	if (draw_below(f, 2))
		query->size = odd_value(f, query->size);
	if (!draw_below(f, 4))
		query->flags = odd_value(f, 0);
	if (!draw_below(f, 8))
		at = (void *)odd_pointer(f, (uintptr_t)at);
	err = thaw_ioctl(f->s->dev, XEN_THAW_QUERY, at);
	count(f, err, err || at != query || query->version == XEN_THAW_VERSION, "query");
	memset(f->memory, 0, THAW_PAGE_SIZE);
}

/* A call that the device does not have. */
static void call_unknown(struct fuzzer *f)
{
	unsigned int call = odd_value(f, XEN_THAW_FILL);

	if (call == XEN_THAW_QUERY || call == XEN_THAW_FILL || call >> 8 != XEN_THAW_IOC)
		call = _IOWR(XEN_THAW_IOC, draw_below(f, 256), struct xen_thaw_fill);
	count(f, thaw_ioctl(f->s->dev, call, f->memory), true, "unknown call");
}

static void *fuzz(void *arg)
{
	struct fuzzer *f = arg;

	for (; f->calls; f->calls--) {
		const unsigned int which = draw_below(f, 16);

		if (which < 14)
			call_fill(f);
		else if (which == 14)
			call_query(f);
		else
			call_unknown(f);
	}
	f->done = true;
	return NULL;
}

static void on_signal(int sig)
{
}

/* Changes memory and files under the threads, until they are done. */
struct trouble {
	struct shared *s;
	struct fuzzer *fuzzers;
	pthread_t thread;
	volatile bool stop;
};

static void *make_trouble(void *arg)
{
	static const int protections[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
	struct trouble *t = arg;
	unsigned int seed = 1;

	while (!t->stop) {
		struct shared *s = t->s;
		const unsigned int n = rand_r(&seed);

		fuzz_files_change(&s->files, n);
		pthread_kill(t->fuzzers[n % FUZZ_THREADS].thread, SIGUSR1);
		mprotect(s->page, THAW_PAGE_SIZE, protections[n % 3]);
		if (n % 16 == 0)
			mmap(s->page, THAW_PAGE_SIZE, protections[n % 3],
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		usleep(n % 2000);
	}
	return NULL;
}

FIXTURE(fuzz) {
	struct shared s;
	struct fuzzer fuzzers[FUZZ_THREADS];
	struct trouble trouble;
};

FIXTURE_VARIANT(fuzz) {
	enum domain_kind kind;
};

FIXTURE_VARIANT_ADD(fuzz, pvh) { .kind = DOMAIN_PVH };
FIXTURE_VARIANT_ADD(fuzz, pv) { .kind = DOMAIN_PV };

/* Puts valid arguments on a page that is read-only, so that no result can be written. */
static int make_readonly(struct shared *s)
{
	struct xen_thaw_extent *extent = (void *)(s->readonly + 1024);

	*extent = (struct xen_thaw_extent) { .nr_frames = 1, .flags = XEN_THAW_EXTENT_ZERO };
	*(struct xen_thaw_fill *)s->readonly = (struct xen_thaw_fill) {
		.size = sizeof(struct xen_thaw_fill),
		.fd = s->img.fd,
		.domid = 0x7fef,
		.extents = (uintptr_t)extent,
		.nr_extents = 1,
		.first_ref = FIRST_REF,
		.window = (uintptr_t)s->readonly + 2048,
		.nr_refs = 1,
	};
	/* Some calls find the window in use. */
	memset(s->readonly + 3072, 1, 1024);
	return mprotect(s->readonly, THAW_PAGE_SIZE, PROT_READ);
}

static void *map_page(void)
{
	return mmap(NULL, THAW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
}

FIXTURE_SETUP(fuzz)
{
	struct shared *s = &self->s;
	int err;

	OPEN_THAW(s->dev);
	s->pv = variant->kind == DOMAIN_PV;
	err = domain_create(&s->d, variant->kind, FUZZ_FRAMES);
	if (err > 0)
		SKIP(return, "this host has no such domains");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, domain_create(&s->other, variant->kind, FUZZ_FRAMES));
	ASSERT_EQ(0, image_create(&s->img, NULL, FUZZ_IMAGE_SIZE));
	if (getenv("THAW_EXT4"))
		ASSERT_EQ(0, image_create(&s->disk, getenv("THAW_EXT4"), FUZZ_IMAGE_SIZE));
	ASSERT_EQ(0, fuzz_files_open(&s->files, s->dev, s->img.fd));
	s->page = map_page();
	s->readonly = map_page();
	ASSERT_NE(MAP_FAILED, s->page);
	ASSERT_NE(MAP_FAILED, s->readonly);
	ASSERT_EQ(0, make_readonly(s));
}

FIXTURE_TEARDOWN(fuzz)
{
	struct shared *s = &self->s;

	fuzz_files_close(&s->files);
	image_free(&s->img);
	if (s->disk.data)
		image_free(&s->disk);
	domain_destroy(&s->other);
	domain_destroy(&s->d);
	close(s->dev);
}

static unsigned long number_from(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

/* Runs all threads. Return: number of wrong results. */
static unsigned long fuzz_all(FIXTURE_DATA(fuzz) *self, unsigned long calls, uint64_t seed)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct trouble *t = &self->trouble;
	unsigned long wrong = 0;
	unsigned int i;

	sigaction(SIGUSR1, &action, NULL);
	for (i = 0; i < FUZZ_THREADS; i++) {
		struct fuzzer *f = &self->fuzzers[i];

		if (fuzzer_init(f, &self->s, i, seed))
			return -1;
		f->calls = calls / FUZZ_THREADS;
		if (pthread_create(&f->thread, NULL, fuzz, f))
			return -1;
	}
	*t = (struct trouble) { .s = &self->s, .fuzzers = self->fuzzers };
	if (pthread_create(&t->thread, NULL, make_trouble, t))
		return -1;
	for (i = 0; i < FUZZ_THREADS; i++) {
		while (!self->fuzzers[i].done)
			usleep(10000);
	}
	t->stop = true;
	pthread_join(t->thread, NULL);
	for (i = 0; i < FUZZ_THREADS; i++) {
		pthread_join(self->fuzzers[i].thread, NULL);
		fuzzer_free(&self->fuzzers[i]);
		wrong += self->fuzzers[i].wrong;
	}
	return wrong;
}

static unsigned long seen(FIXTURE_DATA(fuzz) *self, int err)
{
	unsigned long n = 0;
	unsigned int i;

	for (i = 0; i < FUZZ_THREADS; i++)
		n += self->fuzzers[i].seen[err];
	return n;
}

TEST_F_TIMEOUT(fuzz, calls, 6000)
{
	/* The default number of calls is enough to meet each of these errnos. */
	static const int expected[] = {
		0, E2BIG, EFAULT, EINVAL, ENOTTY, EBADF, ENODEV, EOVERFLOW, ERANGE, ENODATA,
		EBUSY, EOPNOTSUPP, EIO,
	};
	const unsigned long calls = number_from("XEN_THAW_FUZZ_CALLS", DEFAULT_CALLS);
	unsigned int i, tries;
	bool back = false;
	uint64_t seed;
	long before;
	int err;

	ASSERT_EQ(sizeof(seed), getrandom(&seed, sizeof(seed), 0));
	seed = number_from("XEN_THAW_FUZZ_SEED", seed % 1000000000);
	printf("# XEN_THAW_FUZZ_SEED=%llu XEN_THAW_FUZZ_CALLS=%lu\n",
	       (unsigned long long)seed, calls);
	/* The first calls warm up caches that keep memory. */
	ASSERT_EQ(0, fuzz_all(self, 2000, seed + 1));
	/* Some MiB come and go by chance, but a leak would repeat. */
	for (tries = 3; tries && !back; tries--, seed += 2) {
		before = memory_free_kib();
		ASSERT_LT(0, before);
		EXPECT_EQ(0, fuzz_all(self, calls, seed));
		back = memory_is_back(before);
	}
	EXPECT_TRUE(back);
	for (err = 0; err < MAX_ERRNO; err++)
		if (seen(self, err))
			printf("# %7lu %s\n", seen(self, err), err ? strerror(err) : "success");
	for (i = 0; calls >= DEFAULT_CALLS && i < ARRAY_SIZE(expected); i++)
		EXPECT_LT(0, seen(self, expected[i])) {
			TH_LOG("errno %d was never returned", expected[i]);
		}

	EXPECT_TRUE(window_is_clear(&self->s.d, 0, GRANT_ENTRIES));
	EXPECT_TRUE(window_is_clear(&self->s.other, 0, GRANT_ENTRIES));
	EXPECT_TRUE(domain_matches(&self->s.other));
	EXPECT_TRUE(domain_range_matches(&self->s.d, FUZZ_FRAMES / 2, FUZZ_FRAMES / 2));
	/* Sealing succeeds only if nobody holds a page of the file. */
	EXPECT_EQ(0, fcntl(self->s.img.fd, F_ADD_SEALS, F_SEAL_WRITE));
}

TEST_HARNESS_MAIN
