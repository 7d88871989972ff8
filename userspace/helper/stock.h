/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The stock libxl-save-helper: becoming it, running it as a child.
 */
#ifndef XEN_THAW_STOCK_H
#define XEN_THAW_STOCK_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* Wait status of a process that ended with exit code 1. */
#define STATUS_FAILED	(1 << 8)

/* Set to the signal's number once the restore is to stop. */
extern volatile int stock_interrupted;

/**
 * stock_exec() - become the stock helper
 * @path: from stock_find()
 * @argv: our own
 *
 * Return: only on failure, after a message.
 */
void stock_exec(const char *path, char **argv);

/**
 * stock_spawn() - start the stock helper as a child
 * @path: from stock_find()
 * @argv: our own
 * @io_fd: descriptor that it reads the stream from
 * @stream: made its @io_fd, or -1 to leave that as it is; stays open here
 * @prepare: called in the child before it becomes the stock helper, or NULL
 * @arg: for @prepare
 *
 * It dies when we are killed, and SIGTERM is passed on to it, but for
 * stock_keep_sigterm(). Its signals are handled as libxl set them for us.
 *
 * Return: 0, or -1 after a message.
 */
int stock_spawn(const char *path, char **argv, int io_fd, int stream,
		void (*prepare)(void *arg), void *arg);

/**
 * stock_keep_sigterm() - do not pass SIGTERM on to a child
 *
 * It is noted in stock_interrupted only. Called before stock_spawn().
 */
void stock_keep_sigterm(void);

/**
 * stock_ended_within() - wait until the child has ended, or some time passed
 * @ms: milliseconds; 0: do not wait
 *
 * Return: whether it has ended; false also if a signal came first.
 */
bool stock_ended_within(int ms);

/**
 * stock_pidfd() - a descriptor that becomes readable when the child has ended
 *
 * Return: the descriptor, owned by this file; valid until stock_wait().
 */
int stock_pidfd(void);

/**
 * stock_kill() - end the child and wait for it
 */
void stock_kill(void);

/**
 * stock_wait() - wait for the child
 *
 * Return: its wait status.
 */
int stock_wait(void);

/**
 * stock_exit_like() - end as the child ended
 * @status: its wait status
 *
 * Return: an exit code, unless it died of a signal: then we do, too.
 */
int stock_exit_like(int status);

#endif /* XEN_THAW_STOCK_H */
