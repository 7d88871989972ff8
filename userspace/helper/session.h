/* SPDX-License-Identifier: GPL-2.0 */
/* The stock helper's part of a restore: it is started, fed through a pipe, and ends. */
#ifndef XEN_THAW_SESSION_H
#define XEN_THAW_SESSION_H

#include "restore.h"

/**
 * session_begin() - check that the domain is new, and start the stock helper
 * @r: the restore; a PV guest's @r->pv is shared with the stock helper
 * @pipe_fd: out: what is written there is the stock helper's stream
 *
 * Return: 0; RESTORE_HAND_OVER if the stock helper does not take our library; or a
 * wait status, after a message.
 */
int session_begin(struct restore *r, int *pipe_fd);

/**
 * session_end() - end the stock helper's stream, and wait for it
 * @r: the restore
 * @pipe_fd: of session_begin(); closed
 * @err: not 0: the restore failed, and the stock helper has to fail
 *
 * Return: a wait status; 0 only if the stock helper took all and ended with 0.
 */
int session_end(struct restore *r, int pipe_fd, int err);

#endif /* XEN_THAW_SESSION_H */
