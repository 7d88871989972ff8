/* SPDX-License-Identifier: GPL-2.0 */
/* For save_stream.c: a pipe gives few bytes at a time, like that of a slow writer. */
#include <unistd.h>

/* A read() that often returns fewer bytes than there are, and sometimes fails with EINTR. */
ssize_t short_read(int fd, void *buf, size_t size);

#define read(fd, buf, size)	short_read(fd, buf, size)
