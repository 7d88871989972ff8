/* SPDX-License-Identifier: GPL-2.0 */
/* What the stock helper gets of the stream, and how a restore fails meanwhile. */
#ifndef XEN_THAW_FORWARD_H
#define XEN_THAW_FORWARD_H

#include <stddef.h>
#include <stdint.h>

#include "restore.h"

/**
 * restore_fail() - say why a restore fails
 * @r: the restore
 * @error: the cause, without the name of the file
 *
 * Return: -1.
 */
int restore_fail(const struct restore *r, const char *error);

/**
 * restore_stock_ended() - note that the stock helper ended too early
 * @r: the restore; restore_run() says more when it knows how it ended
 *
 * Return: -1.
 */
int restore_stock_ended(struct restore *r);

/**
 * restore_read_failed() - say why the file or stream could not be read
 * @r: the restore, whose stream has its error set
 *
 * A stream from a pipe is read until nobody wants it: @in->stop is the end of the stock
 * helper, and a failure that was said.
 *
 * Return: -1.
 */
int restore_read_failed(struct restore *r);

/**
 * restore_check_wanted() - look whether a restore is of any use yet
 * @r: the restore
 *
 * Return: 0; -1 after a message or restore_stock_ended().
 */
int restore_check_wanted(struct restore *r);

/**
 * forward_bytes() - give bytes to the stock helper
 * @r: the restore
 * @pipe_fd: to the stock helper
 * @buf: the bytes
 * @len: how many
 * @offset: of the record that they stand for, for messages
 *
 * Return: 0, or -1 after a message or restore_stock_ended().
 */
int forward_bytes(struct restore *r, int pipe_fd, const void *buf, size_t len,
		  uint64_t offset);

/**
 * forward() - give a part of the file or stream to the stock helper
 * @r: the restore
 * @pipe_fd: to the stock helper
 * @start: offset of the first byte
 * @end: offset behind the last byte
 *
 * Return: as forward_bytes().
 */
int forward(struct restore *r, int pipe_fd, uint64_t start, uint64_t end);

/**
 * forward_head() - give headers and records up to the last PAGE_DATA to it
 * @r: the restore
 * @pipe_fd: to the stock helper
 *
 * PAGE_DATA is left out, or for a PV guest what the stock helper need not see of
 * it. Optional records, which it would skip, are left out, too: a packed file has
 * one for each PAGE_DATA.
 *
 * Return: as forward().
 */
int forward_head(struct restore *r, int pipe_fd);

#endif /* XEN_THAW_FORWARD_H */
