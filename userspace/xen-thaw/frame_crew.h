/* SPDX-License-Identifier: GPL-2.0 */
/* Work on many frames by several threads, with their results taken in order. */
#ifndef XEN_THAW_FRAME_CREW_H
#define XEN_THAW_FRAME_CREW_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct frame - a frame under way
 * @in: room of @in_size bytes, for the work
 * @out: room of @out_size bytes, for its result
 * @size: of the result
 * @error: after a failure: one line
 */
struct frame {
	uint8_t *in;
	uint8_t *out;
	size_t size;
	char error[128];
};

/**
 * struct frames - what is to be done
 * @nr: frames
 * @in_size: bytes of room for each frame under way
 * @out_size: likewise
 * @open: makes what a thread needs; NULL: no memory
 * @close: frees it
 * @work: makes the result of a frame, in any thread; -1 with the frame's error set
 * @put: takes a result, in the order of the frames, in the caller's thread; -1 with
 *	the frame's error set
 * @arg: for @work and @put
 * @error: after a failure: that of the first frame that failed
 */
struct frames {
	uint64_t nr;
	size_t in_size;
	size_t out_size;
	void *(*open)(void *arg);
	void (*close)(void *state);
	int (*work)(void *arg, void *state, uint64_t i, struct frame *f);
	int (*put)(void *arg, uint64_t i, struct frame *f);
	void *arg;
	char error[128];
};

/**
 * frames_run() - do it
 * @f: what
 * @threads: how many work, at least 1
 *
 * Return: 0, or -1 with @f->error set.
 */
int frames_run(struct frames *f, unsigned int threads);

#endif /* XEN_THAW_FRAME_CREW_H */
