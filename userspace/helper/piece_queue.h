/* SPDX-License-Identifier: GPL-2.0 */
/* The buffer of a stream that is read once, and the thread that empties it. */
#ifndef XEN_THAW_PIECE_QUEUE_H
#define XEN_THAW_PIECE_QUEUE_H

#include <pthread.h>

#include "pieces.h"

/* Pieces in the buffer: 16 MiB. */
#define QUEUE_PIECES	4U

/**
 * struct piece_queue - pieces on their way
 * @fd: memfd with the contents of all pieces, for engines to read
 * @stop_fd: eventfd that becomes readable when the thread failed
 * @restore: called by the thread for each piece; not 0: it failed, after a message
 * @arg: for @restore
 * @map: of @fd
 * @piece: used in turns
 * @thread: calls @restore
 * @started: there is a thread
 * @lock: of the members below
 * @changed: one of them changed
 * @got: pieces that the reader got
 * @put: pieces that the reader put back
 * @done: pieces that were restored
 * @failed: the thread failed, and does nothing any more
 * @quit: the thread ends
 */
struct piece_queue {
	int fd;
	int stop_fd;
	int (*restore)(void *arg, const struct piece *piece);
	void *arg;

	uint8_t *map;
	struct piece piece[QUEUE_PIECES];
	pthread_t thread;
	bool started;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int got;
	unsigned int put;
	unsigned int done;
	bool failed;
	bool quit;
};

/**
 * piece_queue_open() - make the buffer
 * @q: @restore and @arg are set; piece_queue_close() is due also after a failure
 *
 * Return: 0, or -1 with errno set.
 */
int piece_queue_open(struct piece_queue *q);

/**
 * piece_queue_start() - start the thread
 * @q: opened
 *
 * Return: 0, or -1 with errno set.
 */
int piece_queue_start(struct piece_queue *q);

/**
 * piece_queue_get() - get the next piece, for struct piece_user
 * @arg: the queue, started
 *
 * Return: the piece, when its last contents are restored; NULL: the thread failed.
 */
struct piece *piece_queue_get(void *arg);

/**
 * piece_queue_put() - give the last piece to the thread, for struct piece_user
 * @arg: the queue
 * @piece: from piece_queue_get()
 *
 * Return: 0, or -1: the thread failed.
 */
int piece_queue_put(void *arg, struct piece *piece);

/**
 * piece_queue_drain() - wait until all pieces that were put are restored
 * @q: started
 *
 * Return: 0, or -1: the thread failed.
 */
int piece_queue_drain(struct piece_queue *q);

/**
 * piece_queue_close() - end the thread, and free the buffer
 * @q: opened
 */
void piece_queue_close(struct piece_queue *q);

#endif /* XEN_THAW_PIECE_QUEUE_H */
