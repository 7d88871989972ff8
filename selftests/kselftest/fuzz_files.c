// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz_files.h"

/* Above all descriptors that the programs open. */
#define FIRST_SLOT	400

static void add(struct fuzz_files *files, int fd)
{
	/* The kernel may not support this kind of file. */
	if (fd >= 0)
		files->fds[files->nr++] = fd;
}

/* Makes an unlinked file of some size on the filesystem that a variable names. */
static void add_on(struct fuzz_files *files, const char *variable, int flags, off_t size)
{
	const char *dir = getenv(variable);
	int fd;

	if (!dir)
		return;
	fd = open(dir, O_TMPFILE | O_RDWR | flags, 0600);
	if (fd >= 0 && ftruncate(fd, size))
		abort();
	add(files, fd);
}

/* A part stays a hole, because holes are read, too. */
static void add_memfd(struct fuzz_files *files, unsigned int flags, off_t size)
{
	const int fd = memfd_create("fuzz", flags);

	if (fd >= 0 && ftruncate(fd, size))
		abort();
	add(files, fd);
}

int fuzz_files_open(struct fuzz_files *files, int dev, int image)
{
	int pair[2];

	files->nr = 0;
	add(files, dev);
	add(files, image);
	files->borrowed = files->nr;

	add_memfd(files, 0, 0);
	add_memfd(files, 0, 100000);
	add_memfd(files, 0, 0x7ffffffffffff000);
	add_memfd(files, MFD_HUGETLB, 2 << 20);
	add(files, syscall(SYS_memfd_secret, 0));
	add_on(files, "THAW_EXT4", 0, 1 << 20);
	add_on(files, "THAW_EXT4", O_DIRECT, 100001);
	add_on(files, "THAW_OVERLAY", 0, 1 << 20);
	add_on(files, "THAW_JOURNALLED", 0, 1 << 20);
	add_on(files, "THAW_HUGE_TMPFS", 0, 4 << 20);
	if (getenv("THAW_BLOCK")) {
		add(files, open(getenv("THAW_BLOCK"), O_RDONLY));
		add(files, open(getenv("THAW_BLOCK"), O_RDONLY | O_DIRECT));
	}
	add(files, open("/proc/self/exe", O_RDONLY));
	add(files, open("/proc/self/exe", O_PATH));
	add(files, open("/proc/self/mem", O_RDONLY));
	add(files, open("/proc/self/maps", O_RDONLY));
	add(files, open("/sys/kernel/notes", O_RDONLY));
	add(files, open("/", O_RDONLY | O_DIRECTORY));
	add(files, open("/dev/null", O_WRONLY));
	add(files, open("/dev/zero", O_RDONLY));
	add(files, eventfd(0, EFD_NONBLOCK));
	add(files, epoll_create1(0));
	if (pipe2(pair, O_NONBLOCK))
		return -1;
	add(files, pair[0]);
	add(files, pair[1]);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return -1;
	add(files, pair[0]);
	add(files, pair[1]);
	return 0;
}

void fuzz_files_close(struct fuzz_files *files)
{
	unsigned int i;

	for (i = files->borrowed; i < files->nr; i++)
		close(files->fds[i]);
	for (i = 0; i < FUZZ_SLOTS; i++)
		close(FIRST_SLOT + i);
}

int fuzz_file(const struct fuzz_files *files, uint64_t random)
{
	if (random & 1)
		return FIRST_SLOT + (random >> 8) % FUZZ_SLOTS;
	return files->fds[(random >> 8) % files->nr];
}

void fuzz_files_change(const struct fuzz_files *files, uint64_t random)
{
	const int slot = FIRST_SLOT + random % FUZZ_SLOTS;

	if (random % 8 == 7)
		close(slot);
	else
		dup2(files->fds[(random >> 3) % files->nr], slot);
}
