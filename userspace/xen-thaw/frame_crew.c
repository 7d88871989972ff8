// SPDX-License-Identifier: GPL-2.0
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame_crew.h"

/* Frames under way for each thread: one that it works on, and one that waits. */
#define SLOTS_PER_THREAD	2U

/**
 * struct slot - place of a frame under way
 * @frame: the frame
 * @done: its result is there
 * @ret: of the work
 */
struct slot {
	struct frame frame;
	bool done;
	int ret;
};

/**
 * struct crew - the threads
 * @f: what they do
 * @slot: frames i is in slot i modulo @nr_slots
 * @nr_slots: of them
 * @lock: of the members below
 * @changed: one of them changed
 * @next: frame that is taken next
 * @put: frames whose results were put
 * @quit: nothing more is taken
 * @no_memory: a thread has ended for lack of it
 */
struct crew {
	struct frames *f;
	struct slot *slot;
	unsigned int nr_slots;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t next;
	uint64_t put;
	bool quit;
	bool no_memory;
};

/* Return: whether there is a frame, once there is room for it. */
static bool take(struct crew *c, uint64_t *i)
{
	while (!c->quit && c->next < c->f->nr && c->next - c->put == c->nr_slots)
		pthread_cond_wait(&c->changed, &c->lock);
	if (c->quit || c->next == c->f->nr)
		return false;
	*i = c->next++;
	return true;
}

static void *work(void *arg)
{
	struct crew *c = arg;
	void *state = c->f->open(c->f->arg);
	uint64_t i;

	pthread_mutex_lock(&c->lock);
	if (!state) {
		c->no_memory = true;
		c->quit = true;
	}
	while (take(c, &i)) {
		struct slot *s = &c->slot[i % c->nr_slots];

		pthread_mutex_unlock(&c->lock);
		s->ret = c->f->work(c->f->arg, state, i, &s->frame);
		pthread_mutex_lock(&c->lock);
		s->done = true;
		pthread_cond_broadcast(&c->changed);
	}
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	if (state)
		c->f->close(state);
	return NULL;
}

/* Return: the slot with the result, or NULL if there will be none. */
static struct slot *wait_for(struct crew *c, uint64_t i)
{
	struct slot *s = &c->slot[i % c->nr_slots];

	pthread_mutex_lock(&c->lock);
	while (!s->done && !c->no_memory)
		pthread_cond_wait(&c->changed, &c->lock);
	if (!s->done)
		s = NULL;
	pthread_mutex_unlock(&c->lock);
	return s;
}

static int put_all(struct crew *c)
{
	struct frames *f = c->f;
	uint64_t i;

	for (i = 0; i < f->nr; i++) {
		struct slot *s = wait_for(c, i);

		if (!s) {
			strcpy(f->error, "no memory");
			return -1;
		}
		if (s->ret || f->put(f->arg, i, &s->frame)) {
			memcpy(f->error, s->frame.error, sizeof(f->error));
			return -1;
		}
		pthread_mutex_lock(&c->lock);
		s->done = false;
		c->put++;
		pthread_cond_broadcast(&c->changed);
		pthread_mutex_unlock(&c->lock);
	}
	return 0;
}

static void stop(struct crew *c, pthread_t *thread, unsigned int started)
{
	pthread_mutex_lock(&c->lock);
	c->quit = true;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	while (started--)
		pthread_join(thread[started], NULL);
}

static int run(struct crew *c, unsigned int threads)
{
	pthread_t *thread = calloc(threads, sizeof(*thread));
	unsigned int started = 0;
	int ret = -1;

	if (thread)
		while (started < threads &&
		       !pthread_create(&thread[started], NULL, work, c))
			started++;
	/* Fewer threads do the same work. */
	if (started)
		ret = put_all(c);
	else
		strcpy(c->f->error, "cannot start a thread");
	stop(c, thread, started);
	free(thread);
	return ret;
}

int frames_run(struct frames *f, unsigned int threads)
{
	struct crew c = {
		.f = f,
		.nr_slots = threads * SLOTS_PER_THREAD,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
	};
	bool room = true;
	unsigned int i;
	int ret = -1;

	c.slot = calloc(c.nr_slots, sizeof(*c.slot));
	for (i = 0; c.slot && i < c.nr_slots; i++) {
		c.slot[i].frame.in = malloc(f->in_size);
		c.slot[i].frame.out = malloc(f->out_size);
		room = room && c.slot[i].frame.in && c.slot[i].frame.out;
	}
	if (c.slot && room)
		ret = run(&c, threads);
	else
		strcpy(f->error, "no memory");
	for (i = 0; c.slot && i < c.nr_slots; i++) {
		free(c.slot[i].frame.in);
		free(c.slot[i].frame.out);
	}
	free(c.slot);
	return ret;
}
