// SPDX-License-Identifier: GPL-2.0
#include <unistd.h>

#include "file.h"

bool file_is_unchanged(int fd, const struct stat *before)
{
	struct stat now;

	if (fstat(fd, &now))
		return false;
	if (!S_ISREG(before->st_mode))
		return true;
	return now.st_size == before->st_size &&
	       now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

bool file_has_no_hole(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) &&
	       st.st_blocks >= (st.st_size + 511) / 512;
}

bool file_got_no_hole(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);

	return size > 0 && file_has_no_hole(fd) &&
	       lseek(fd, 0, SEEK_HOLE) == size;
}

bool file_is_this_program(const char *path)
{
	struct stat self, other;

	return !stat("/proc/self/exe", &self) && !stat(path, &other) &&
	       self.st_dev == other.st_dev && self.st_ino == other.st_ino;
}
