// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source_image.h"

static int fail(const char *what)
{
	printf("# %s: %s\n", what, strerror(errno));
	return -1;
}

static int open_unlinked(const char *dir)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/image.XXXXXX", dir);
	fd = mkstemp(path);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static int open_where(struct image *img, const char *where)
{
	struct stat st;

	if (!where) {
		img->fd = memfd_create("image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		return img->fd < 0 ? fail("memfd_create") : 0;
	}
	if (stat(where, &st))
		return fail(where);
	img->fd = S_ISBLK(st.st_mode) ? open(where, O_RDWR) : open_unlinked(where);
	return img->fd < 0 ? fail(where) : 0;
}

static int write_all(struct image *img)
{
	size_t at = 0;

	while (at < img->data_size) {
		ssize_t n = pwrite(img->fd, img->data + at, img->data_size - at,
				   img->data_at + at);

		if (n <= 0)
			return fail("writing the image");
		at += n;
	}
	return 0;
}

/* xorshift64 gives no two equal words, and so no two equal frames. */
static void fill_random(unsigned char *data, size_t size)
{
	uint64_t x = 0x9e3779b97f4a7c15;
	size_t at;

	for (at = 0; at < size; at += sizeof(x)) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(data + at, &x, size - at < sizeof(x) ? size - at : sizeof(x));
	}
}

int image_create_sparse(struct image *img, const char *where, uint64_t hole, size_t size)
{
	struct stat st;

	memset(img, 0, sizeof(*img));
	img->fd = -1;
	img->size = 2 * hole + size;
	img->data_at = hole;
	img->data_size = size;
	img->data = malloc(size);
	if (!img->data)
		return fail("memory of the test");
	fill_random(img->data, size);

	if (open_where(img, where))
		return -1;
	if (fstat(img->fd, &st))
		return fail("fstat");
	if (S_ISBLK(st.st_mode) && ioctl(img->fd, BLKGETSIZE64, &img->size))
		return fail("BLKGETSIZE64");
	if (S_ISREG(st.st_mode) && ftruncate(img->fd, img->size))
		return fail("ftruncate");
	return write_all(img);
}

int image_create(struct image *img, const char *where, size_t size)
{
	return image_create_sparse(img, where, 0, size);
}

void image_free(struct image *img)
{
	if (img->fd >= 0)
		close(img->fd);
	free(img->data);
}

int image_punch(struct image *img, uint64_t offset, size_t len)
{
	unsigned char *data = img->data + (offset - img->data_at);

	memset(data, 0, len);
	if (!fallocate(img->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, len))
		return 0;
	/* Not every block device can punch holes. */
	if (errno == EOPNOTSUPP && pwrite(img->fd, data, len, offset) == (ssize_t)len)
		return 0;
	return fail("FALLOC_FL_PUNCH_HOLE");
}

int image_drop_cache(struct image *img)
{
	if (fsync(img->fd) ||
	    posix_fadvise(img->fd, 0, 0, POSIX_FADV_DONTNEED))
		return fail("dropping the image from the page cache");
	return 0;
}

int image_cache_some(struct image *img, unsigned int nr, unsigned int of)
{
	char path[64], buf[4096];
	uint64_t page, err = 0;
	int fd;

	/* The file is opened again, because this new open file reads ahead. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", img->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM))
		err = 1;
	for (page = 0; !err && page < img->size / sizeof(buf); page++)
		if (page % of < nr &&
		    pread(fd, buf, sizeof(buf), page * sizeof(buf)) != sizeof(buf))
			err = 1;
	if (fd >= 0)
		close(fd);
	return err ? fail("reading some of the image") : 0;
}

void image_bytes(const struct image *img, uint64_t offset, void *to, size_t len)
{
	const uint64_t data_end = img->data_at + img->data_size;
	uint64_t from = offset > img->data_at ? offset : img->data_at;
	uint64_t end = offset + len < data_end ? offset + len : data_end;

	memset(to, 0, len);
	if (from < end)
		memcpy((char *)to + (from - offset),
		       img->data + (from - img->data_at), end - from);
}
