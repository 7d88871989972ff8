/* SPDX-License-Identifier: GPL-2.0 */
/* A restore of a stream that is read once, while it is under way. */
#ifndef XEN_THAW_FLOW_H
#define XEN_THAW_FLOW_H

#include "piece_queue.h"
#include "populate.h"
#include "restore.h"

/* Besides what walk_records() returns: the cause was said. */
#define SAID	2

/*
 * Likewise: the record under way, nothing of which was forwarded, and all that
 * follow are for the stock helper; the stream's error says why.
 */
#define PASS_ON	3

/**
 * struct flow - a restore under way
 * @r: the restore
 * @pipe_fd: to the stock helper
 * @queue: pieces of page data
 * @user: of the pieces: @queue
 * @cutter: makes them
 * @pop: of the thread
 */
struct flow {
	struct restore *r;
	int pipe_fd;
	struct piece_queue queue;
	struct piece_user user;
	struct cutter cutter;
	struct populator pop;
};

/**
 * flow_settle() - wait until all page data that was read is in place
 * @f: the restore
 *
 * Return: 0, -1 with the stream's error set, or SAID.
 */
int flow_settle(struct flow *f);

#endif /* XEN_THAW_FLOW_H */
