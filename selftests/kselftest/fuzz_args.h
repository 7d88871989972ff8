/* SPDX-License-Identifier: GPL-2.0 */
/* Arguments of calls: valid ones, some of which are made random or extreme. */
#ifndef FUZZ_ARGS_H
#define FUZZ_ARGS_H

#include <pthread.h>

#include "fuzz_files.h"
#include "list.h"

#define FUZZ_THREADS	4U

/* Frames that a thread fills; as many frames after them belong to nobody. */
#define OWN_FRAMES	32U
#define FUZZ_FRAMES	(2 * FUZZ_THREADS * OWN_FRAMES)
/* Grant refs that belong to a thread, unless an argument is changed. */
#define OWN_REFS	(ALL_REFS / FUZZ_THREADS)

#define MAX_EXTENTS	6U
#define FUZZ_IMAGE_SIZE	(64 * 4096UL)

#define MAX_ERRNO	256

/**
 * struct shared - what all threads use
 * @dev: the device
 * @pv: the domains are PV domains
 * @d: all threads fill it; nobody fills the second half of its frames
 * @other: a domain that no call names
 * @img: the image that calls read by default, in memory
 * @disk: the same image on a filesystem with direct reads, if there is one
 * @files: descriptors of all kinds, some of which change all the time
 * @page: anonymous memory that is unmapped and write-protected all the time
 * @readonly: a page with the arguments of a fill that needs to write to it
 */
struct shared {
	int dev;
	bool pv;
	struct domain d;
	struct domain other;
	struct image img;
	struct image disk;
	struct fuzz_files files;
	unsigned char *page;
	unsigned char *readonly;
};

/**
 * struct fuzzer - a thread
 * @s: shared
 * @thread: the thread
 * @index: 0 to FUZZ_THREADS - 1
 * @x: state of its random numbers, not 0
 * @calls: number of calls that are left to make
 * @done: the thread has made all of its calls
 * @seen: number of calls by errno
 * @wrong: number of calls with a wrong result
 * @memory: a page for arguments; the next page is not accessible
 * @extents: extents of the call, @nr and more; nothing after them is accessible
 * @nr: number of extents, before anything is changed
 * @window: a page that is not a window
 * @plain: the call uses nothing that another thread may change
 */
struct fuzzer {
	struct shared *s;
	pthread_t thread;
	unsigned int index;
	uint64_t x;
	unsigned long calls;
	volatile bool done;
	unsigned long seen[MAX_ERRNO];
	unsigned long wrong;
	unsigned char *memory;
	struct xen_thaw_extent *extents;
	unsigned int nr;
	unsigned char *window;
	bool plain;
};

/* Allocates the memory of a thread. Return: 0 or -1. */
int fuzzer_init(struct fuzzer *f, struct shared *s, unsigned int index, uint64_t seed);
void fuzzer_free(struct fuzzer *f);

uint64_t draw(struct fuzzer *f);
unsigned int draw_below(struct fuzzer *f, unsigned int end);

/* Returns a random or extreme value; @now is the right one. */
uint64_t odd_value(struct fuzzer *f, uint64_t now);

/* Returns an address without memory, or with memory that soon goes or is read-only. */
uint64_t odd_pointer(struct fuzzer *f, uint64_t now);

/* Prepares a fill of the thread's own frames, with one argument spoilt. */
void good_fill(struct fuzzer *f, struct xen_thaw_fill *args);
void spoil_fill(struct fuzzer *f, struct xen_thaw_fill *args);

#endif /* FUZZ_ARGS_H */
