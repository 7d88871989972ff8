/* SPDX-License-Identifier: GPL-2.0 */
/*
 * zstd's seekable format: a file of frames that are decompressed independently, and a
 * table of their sizes in a frame at its end that zstd skips
 * (contrib/seekable_format/zstd_seekable_compression_format.md of zstd).
 */
#ifndef XEN_THAW_SEEKABLE_H
#define XEN_THAW_SEEKABLE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes in a frame that we write, and the most in one that we read. */
#define SEEKABLE_FRAME		(1U << 20)
#define SEEKABLE_FRAME_MAX	(8U << 20)

/**
 * struct seekable_frame - a frame
 * @offset: in the file
 * @packed: bytes in the file
 * @size: bytes of its contents
 */
struct seekable_frame {
	uint64_t offset;
	uint32_t packed;
	uint32_t size;
};

/**
 * struct seekable - a file of frames
 * @fd: the file
 * @frame: all frames
 * @nr: how many
 * @max_packed: the largest @packed
 * @max_size: the largest @size
 * @error: after a failure: one line
 */
struct seekable {
	int fd;
	struct seekable_frame *frame;
	uint64_t nr;
	uint32_t max_packed;
	uint32_t max_size;
	char error[128];
};

/**
 * seekable_open() - read the table of a file
 * @s: filled in; seekable_close() is due
 * @fd: a file that begins as zstd's
 *
 * Return: 1; 0 if the file has no table that fits it, so that it has to be read from
 * its start; -1 with @s->error set.
 */
int seekable_open(struct seekable *s, int fd);
void seekable_close(struct seekable *s);

/**
 * seekable_read() - decompress all frames, by several threads
 * @s: opened
 * @threads: how many
 * @put: takes their contents in order; -1: stop, after a message
 * @arg: for @put
 *
 * Contents are put when the checksum of their frame was right.
 *
 * Return: 0, or -1 with @s->error set.
 */
int seekable_read(struct seekable *s, unsigned int threads,
		  int (*put)(void *arg, const void *buf, size_t size,
			     uint64_t packed), void *arg);

/**
 * seekable_write() - compress a file
 * @in_fd: the file
 * @size: its size
 * @out_fd: an empty file
 * @level: of zstd
 * @threads: how many
 * @error: room for 128 bytes
 *
 * Return: 0, or -1 with @error set.
 */
int seekable_write(int in_fd, uint64_t size, int out_fd, int level,
		   unsigned int threads, char *error);

#endif /* XEN_THAW_SEEKABLE_H */
