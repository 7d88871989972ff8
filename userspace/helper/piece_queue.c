// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "piece_queue.h"

#define PIECE_SIZE	((size_t)PIECE_PAGES * XT_PAGE_SIZE)
#define BUFFER_SIZE	(QUEUE_PIECES * PIECE_SIZE)

int piece_queue_open(struct piece_queue *q)
{
	void *map;
	unsigned int i;

	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->changed, NULL);
	q->stop_fd = -1;
	q->fd = memfd_create("xen-thaw-stream", MFD_CLOEXEC);
	if (q->fd < 0 || ftruncate(q->fd, (off_t)BUFFER_SIZE))
		return -1;
	q->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->stop_fd < 0)
		return -1;
	map = mmap(NULL, BUFFER_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, q->fd, 0);
	if (map == MAP_FAILED)
		return -1;
	q->map = map;
	for (i = 0; i < QUEUE_PIECES; i++) {
		q->piece[i].buffer = q->map + i * PIECE_SIZE;
		q->piece[i].offset = i * PIECE_SIZE;
	}
	return 0;
}

/* The reader may wait for the stream, or for us. */
static void say_failed(struct piece_queue *q)
{
	const uint64_t one = 1;

	q->failed = true;
	if (write(q->stop_fd, &one, sizeof(one)) < 0)
		return;
}

static void *run(void *arg)
{
	struct piece_queue *q = arg;

	pthread_mutex_lock(&q->lock);
	while (!q->failed && !q->quit) {
		int err;

		if (q->done == q->put) {
			pthread_cond_wait(&q->changed, &q->lock);
			continue;
		}
		pthread_mutex_unlock(&q->lock);
		err = q->restore(q->arg, &q->piece[q->done % QUEUE_PIECES]);
		pthread_mutex_lock(&q->lock);
		q->done++;
		if (err)
			say_failed(q);
		pthread_cond_broadcast(&q->changed);
	}
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

int piece_queue_start(struct piece_queue *q)
{
	sigset_t all, old;

	/* Signals are for the reader. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	errno = pthread_create(&q->thread, NULL, run, q);
	q->started = !errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return q->started ? 0 : -1;
}

struct piece *piece_queue_get(void *arg)
{
	struct piece_queue *q = arg;
	struct piece *piece = NULL;

	pthread_mutex_lock(&q->lock);
	while (!q->failed && q->got - q->done == QUEUE_PIECES)
		pthread_cond_wait(&q->changed, &q->lock);
	if (!q->failed)
		piece = &q->piece[q->got++ % QUEUE_PIECES];
	pthread_mutex_unlock(&q->lock);
	return piece;
}

int piece_queue_put(void *arg, struct piece *piece)
{
	struct piece_queue *q = arg;
	bool failed;

	(void)piece;
	pthread_mutex_lock(&q->lock);
	q->put++;
	failed = q->failed;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
	return failed ? -1 : 0;
}

int piece_queue_drain(struct piece_queue *q)
{
	bool failed;

	pthread_mutex_lock(&q->lock);
	while (!q->failed && q->done != q->put)
		pthread_cond_wait(&q->changed, &q->lock);
	failed = q->failed;
	pthread_mutex_unlock(&q->lock);
	return failed ? -1 : 0;
}

void piece_queue_close(struct piece_queue *q)
{
	unsigned int i;

	pthread_mutex_lock(&q->lock);
	q->quit = true;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
	if (q->started)
		pthread_join(q->thread, NULL);
	for (i = 0; i < QUEUE_PIECES; i++) {
		free(q->piece[i].populate.v);
		free(q->piece[i].zero.v);
		free(q->piece[i].data.v);
	}
	if (q->map)
		munmap(q->map, BUFFER_SIZE);
	if (q->stop_fd >= 0)
		close(q->stop_fd);
	if (q->fd >= 0)
		close(q->fd);
	memset(q, 0, sizeof(*q));
}
