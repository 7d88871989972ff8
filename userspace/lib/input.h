/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A libxc stream that comes through a pipe or socket: it is read once, in order,
 * and never beyond the record under way, because libxl reads on behind END.
 */
#ifndef XEN_THAW_INPUT_H
#define XEN_THAW_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "stream.h"

/* Descriptors that may end the wait for bytes. */
#define INPUT_STOPS	2U

/**
 * struct input - where the bytes of a stream come from
 * @fd: pipe or socket, owned by the caller
 * @pos: bytes taken from @fd so far
 * @stop: descriptors that become readable when nobody wants the stream any more;
 *	-1: none
 * @stopped: which of them ended a wait, counted from 1; 0: none
 * @held: bytes of the record under way that are kept: its header, its list
 * @held_start: offset of @held in the stream
 * @held_len: bytes in @held
 * @held_cap: bytes that @held has room for
 */
struct input {
	int fd;
	uint64_t pos;
	int stop[INPUT_STOPS];
	unsigned int stopped;
	uint8_t *held;
	uint64_t held_start;
	size_t held_len;
	size_t held_cap;
};

/**
 * input_init() - begin with a descriptor
 * @in: filled in; input_free() is due
 * @fd: pipe or socket, at the first byte of a libxc stream
 */
void input_init(struct input *in, int fd);
void input_free(struct input *in);

/**
 * input_open() - read and check the headers of a stream
 * @s: filled in; offsets are counted from the start of the stream
 * @in: initialised; the headers are held
 * @name: for messages
 *
 * Return: 0, or -1 with @s->error set. Whatever came is held, also after a failure.
 */
int input_open(struct stream *s, struct input *in, const char *name);

/**
 * input_next() - go on to a record
 * @s: a stream from an input
 *
 * What is left of the record before is skipped, and nothing of it is held any more.
 *
 * Return: 0, or -1 with @s->error set.
 */
int input_next(struct stream *s);

/**
 * input_hold() - read bytes behind those that are held, and hold them, too
 * @s: a stream from an input
 * @offset: of the end of the bytes in question; nothing is read that is held
 * @what: what is read, for the error
 *
 * Return: 0, or -1 with @s->error set.
 */
int input_hold(struct stream *s, uint64_t offset, const char *what);

/**
 * input_read() - read bytes that are held, or come next
 * @s: a stream from an input
 * @offset: of the first one in the stream; bytes before it that were not read yet
 *	are skipped
 * @buf: filled in
 * @size: of @buf
 * @what: what is read, for the error
 *
 * Return: 0, or -1 with @s->error set.
 */
int input_read(struct stream *s, uint64_t offset, void *buf, size_t size,
	       const char *what);

#endif /* XEN_THAW_INPUT_H */
