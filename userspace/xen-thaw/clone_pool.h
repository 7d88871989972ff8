/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A pool: paused clones that a job keeps ready. xen-thaw take talks to the job by a
 * socket in the job's directory; beside it, a link leads to the image.
 */
#ifndef XEN_THAW_CLONE_POOL_H
#define XEN_THAW_CLONE_POOL_H

#include <stdbool.h>

struct clone;
struct clone_job;

/* Most that may wait for a clone; who comes later is told to try again. */
#define CLONE_POOL_WAITING	64

/* Requests: these words; a name may follow the first. */
#define CLONE_POOL_TAKE		"take"
#define CLONE_POOL_STOP		"stop"

/* Longest request and reply, with the newline. */
#define CLONE_POOL_REQUEST	256
#define CLONE_POOL_REPLY	8192

/**
 * struct clone_pool - a job's pool
 * @listen: for xen-thaw take; -1: there is no pool, or it was stopped
 * @waiting: connections that wait for a clone, in their order
 * @names: that their clones are to get, or empty
 * @nr_waiting: in @waiting
 * @retry: not before that time another clone is made, seconds
 * @low: memory is short: no more are made until there is enough again
 */
struct clone_pool {
	int listen;
	int waiting[CLONE_POOL_WAITING];
	char names[CLONE_POOL_WAITING][CLONE_POOL_REQUEST];
	unsigned int nr_waiting;
	double retry;
	bool low;
};

/**
 * clone_pool_open() - listen
 * @job: it has a directory
 *
 * Return: 0, or -1 after a message.
 */
int clone_pool_open(struct clone_job *job);

/**
 * clone_pool_wants() - whether another clone is to be made now
 * @job: of the pool
 */
bool clone_pool_wants(struct clone_job *job);

/**
 * clone_pool_failed() - one could not be made: wait for a while
 * @job: of the pool
 */
void clone_pool_failed(struct clone_job *job);

/**
 * clone_pool_ready() - a clone is there, and somebody may wait for it
 * @job: of the pool
 */
void clone_pool_ready(struct clone_job *job);

/**
 * clone_pool_accept() - somebody wants something
 * @job: of the pool
 */
void clone_pool_accept(struct clone_job *job);

/**
 * clone_pool_shrink() - give memory back where Xen has little
 * @job: of the pool
 */
void clone_pool_shrink(struct clone_job *job);

/**
 * clone_pool_stop() - destroy the clones that nobody took; others are watched on
 * @job: of the pool
 */
void clone_pool_stop(struct clone_job *job);

#endif /* XEN_THAW_CLONE_POOL_H */
