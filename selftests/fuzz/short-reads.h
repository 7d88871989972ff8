/* SPDX-License-Identifier: GPL-2.0 */
/* For save_stream.c: a pipe that gives few bytes at a time, as a slow writer's. */
#include <unistd.h>

/* read(), but of fewer bytes than there are, and interrupted now and then. */
ssize_t short_read(int fd, void *buf, size_t size);

#define read(fd, buf, size)	short_read(fd, buf, size)
