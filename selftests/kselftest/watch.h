/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Disturbs a fill: a thread watches a frame of the domain, and acts as soon as the
 * frame changes.
 */
#ifndef WATCH_H
#define WATCH_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "domain.h"

/**
 * struct watch - a thread that waits for a frame to change
 * @act: called when the frame has changed
 * @arg: argument of @act
 * @thread: the thread
 * @word: the first word of the frame
 * @before: its value at the start
 * @stop: the thread should end
 * @acted: the thread has called @act
 */
struct watch {
	void (*act)(void *arg);
	void *arg;
	pthread_t thread;
	volatile uint64_t *word;
	uint64_t before;
	volatile bool stop;
	volatile bool acted;
};

/* Watches a frame, by its index. Return: 0 or -1. */
int watch_start(struct watch *w, struct domain *d, unsigned int index,
		void (*act)(void *arg), void *arg);

/* Ends the thread. Return: true if it has acted by then. */
bool watch_end(struct watch *w);

#endif /* WATCH_H */
