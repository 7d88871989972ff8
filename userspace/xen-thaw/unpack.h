/* SPDX-License-Identifier: GPL-2.0 */
/* Compressed save files: decompressed by a child into a pipe, which xl restores. */
#ifndef XEN_THAW_UNPACK_H
#define XEN_THAW_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct unpack_io - what a format takes from and gives to
 * @in: compressed bytes that are not taken yet
 * @in_size: how many
 * @last: none follow them
 * @out: room for decompressed bytes
 * @out_size: how many
 * @error: after a failure: the cause
 */
struct unpack_io {
	const uint8_t *in;
	size_t in_size;
	bool last;
	uint8_t *out;
	size_t out_size;
	const char *error;
};

/**
 * struct unpack_format - a format of compressed files
 * @name: of its program
 * @magic: its first bytes
 * @magic_size: how many
 * @open: begin; NULL: no memory
 * @step: take some and give some. Return: 0 to go on, 1 if the file may end here,
 *	-1 with the error set
 * @close: free what @open returned
 */
struct unpack_format {
	const char *name;
	const char *magic;
	size_t magic_size;
	void *(*open)(void);
	int (*step)(void *state, struct unpack_io *io);
	void (*close)(void *state);
};

/* All of them; the last has no name. */
extern const struct unpack_format unpack_formats[];

/**
 * unpack_find() - find out whether a file is compressed
 * @fd: the file
 *
 * Return: its format, or NULL.
 */
const struct unpack_format *unpack_find(int fd);

/**
 * unpack_file() - decompress a file into a pipe
 * @format: its format
 * @name: for messages
 * @fd: the file
 * @pipe_fd: the pipe
 * @threads: of a file of frames
 *
 * Nothing that a wrong checksum covers is written. Where a checksum covers all of the
 * file, that is so for the last MiBs, which contain the end of the guest's state.
 *
 * Return: 0; 1 if nobody reads the pipe any more; -1 after a message.
 */
int unpack_file(const struct unpack_format *format, const char *name, int fd,
		int pipe_fd, unsigned int threads);

/**
 * unpack_start() - start a child that does so
 * @format: as for unpack_file()
 * @name: likewise
 * @fd: likewise
 * @threads: likewise
 *
 * It ends when we do.
 *
 * Return: a descriptor to read from, which programs that we become inherit; -1 after a
 * message.
 */
int unpack_start(const struct unpack_format *format, const char *name, int fd,
		 unsigned int threads);

#endif /* XEN_THAW_UNPACK_H */
