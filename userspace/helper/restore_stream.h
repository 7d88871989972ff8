/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XEN_THAW_RESTORE_STREAM_H
#define XEN_THAW_RESTORE_STREAM_H

#include "input.h"
#include "restore.h"

/**
 * restore_stream_open() - read the headers of a stream that is read once
 * @r: the restore; its stream is opened
 * @in: the input, for the stream
 *
 * From here on the stock helper cannot be executed in our place: what we have read
 * has to be forwarded.
 *
 * Return: 0, or -1 after a message.
 */
int restore_stream_open(struct restore *r, struct input *in);

/**
 * restore_stream_run() - restore a stream while it is read
 * @r: the restore; its stream and, without @pass_on, its engine are open
 * @pass_on: only the stock helper can restore the stream: give it all of it
 *
 * Return: as restore_run(), but never RESTORE_HAND_OVER; then the pipe is just
 * behind the END record.
 */
int restore_stream_run(struct restore *r, bool pass_on);

#endif /* XEN_THAW_RESTORE_STREAM_H */
