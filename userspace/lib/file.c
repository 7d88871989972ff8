// SPDX-License-Identifier: GPL-2.0
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
