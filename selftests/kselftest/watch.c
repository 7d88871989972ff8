// SPDX-License-Identifier: GPL-2.0
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "watch.h"

static void *watch_thread(void *arg)
{
	struct watch *w = arg;

	while (!w->stop && *w->word == w->before)
		sched_yield();
	if (!w->stop) {
		w->act(w->arg);
		w->acted = true;
	}
	return NULL;
}

int watch_start(struct watch *w, struct domain *d, unsigned int index,
		void (*act)(void *arg), void *arg)
{
	sigset_t all, old;
	int err;

	memset(w, 0, sizeof(*w));
	w->act = act;
	w->arg = arg;
	w->word = (uint64_t *)(d->memory + index * 4096UL);
	w->before = *w->word;

	/* Only the thread that fills gets signals. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&w->thread, NULL, watch_thread, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err ? -1 : 0;
}

bool watch_end(struct watch *w)
{
	w->stop = true;
	pthread_join(w->thread, NULL);
	return w->acted;
}
