// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clone_image.h"
#include "message.h"
#include "plan_shared.h"
#include "progress.h"
#include "verify.h"
#include "xl_config.h"

static int check_file(int fd, const char *path, uint64_t start)
{
	static struct verify v;
	int ret;

	progress_title("verifying");
	ret = verify_stream(&v, fd, path, start);
	if (ret)
		message("%s: %s", path, v.file.stream.error);
	else if (!v.summed_bytes)
		message("%s: it has no checksums: only its structure was verified", path);
	return ret;
}

/* The plan of a file that only the stock helper restores is each helper's own matter. */
static int share_plan(struct clone_image *image, struct savefile *f)
{
	struct plan plan = { 0 };
	int ret = 0;

	if (plan_refusal(&f->stream))
		return 0;
	posix_fadvise(f->stream.fd, 0, 0, POSIX_FADV_RANDOM);
	ret = plan_for_restore(&plan, &f->stream);
	posix_fadvise(f->stream.fd, 0, 0, POSIX_FADV_NORMAL);
	if (ret < 0)
		message("%s: %s", image->path, f->stream.error);
	if (!ret) {
		image->pages = plan.pages;
		image->plan_fd = plan_share(&plan, &f->stream, &image->st);
		if (image->plan_fd < 0)
			message("no memory for the plan: %s: each helper scans the file",
				strerror(errno));
	}
	plan_free(&plan);
	return ret < 0 ? -1 : 0;
}

/* xl reads all configurations but libxl's own JSON: the parser is part of it. */
static char *read_config(struct savefile *f, const char *config_file)
{
	char *text, *json;

	if (config_file)
		return xl_config_from_file(config_file);
	text = savefile_config(f);
	if (!text) {
		message("%s: %s: use --config", f->stream.name, f->stream.error);
		return NULL;
	}
	if (f->config_json)
		return text;
	json = xl_config_from_text(text);
	free(text);
	return json;
}

static bool wants_drop(enum cache_mode mode, uint64_t size)
{
	const uint64_t available = mem_available();

	if (mode == CACHE_AUTO)
		return available && size > available / 2;
	return mode == CACHE_DROP;
}

/*
 * Helpers that drop what they read would read it again for each clone. So they keep it, and
 * this job drops it after the last.
 */
static void remember_cache(struct clone_image *image, int fd, enum cache_mode mode)
{
	const size_t pages = (size_t)((image->size + XT_PAGE_SIZE - 1) / XT_PAGE_SIZE);
	void *map;

	if (!image->size || !wants_drop(mode, image->size))
		return;
	map = mmap(NULL, image->size, PROT_READ, MAP_SHARED, fd, 0);
	image->warm = malloc(pages);
	if (map == MAP_FAILED || !image->warm || mincore(map, image->size, image->warm)) {
		message("%s: cannot find out what is in the page cache: %s: what is read stays there",
			image->path, strerror(errno));
		free(image->warm);
		image->warm = NULL;
	}
	if (map != MAP_FAILED)
		munmap(map, image->size);
}

static int read_image(struct clone_image *image, int fd, const char *config_file,
		      bool verify, enum cache_mode cache)
{
	static struct savefile f;

	if (fstat(fd, &image->st)) {
		message("%s: %s", image->path, strerror(errno));
		return -1;
	}
	if (savefile_open(&f, fd, image->path)) {
		message("%s: %s", image->path, f.stream.error);
		return -1;
	}
	if (f.toolstack != SAVEFILE_XL) {
		message("%s: saved by libvirt: only images of xl can be cloned", image->path);
		return -1;
	}
	image->libxl = f.libxl;
	image->size = f.stream.file_size;
	remember_cache(image, fd, cache);
	if (verify && check_file(fd, image->path, f.stream.start))
		return -1;
	image->config = read_config(&f, config_file);
	return image->config ? share_plan(image, &f) : -1;
}

int clone_image_open(struct clone_image *image, const char *path,
		     const char *config_file, bool verify, enum cache_mode cache)
{
	int fd, ret;

	memset(image, 0, sizeof(*image));
	image->plan_fd = -1;
	image->path = realpath(path, NULL);
	fd = image->path ? open(image->path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0) {
		message("%s: %s", path, strerror(errno));
		return -1;
	}
	ret = read_image(image, fd, config_file, verify, cache);
	close(fd);
	return ret;
}

int clone_image_file(const struct clone_image *image)
{
	int fd = open(image->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || lseek(fd, (off_t)image->libxl, SEEK_SET) < 0) {
		message("%s: %s", image->path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

void clone_image_drop(const struct clone_image *image)
{
	const uint64_t pages = (image->size + XT_PAGE_SIZE - 1) / XT_PAGE_SIZE;
	uint64_t first = 0, end;
	int fd;

	if (!image->warm)
		return;
	fd = open(image->path, O_RDONLY | O_CLOEXEC);
	for (; fd >= 0 && first < pages; first = end) {
		for (end = first; end < pages && image->warm[end] == image->warm[first]; end++)
			;
		if (!(image->warm[first] & 1))
			posix_fadvise(fd, (off_t)(first * XT_PAGE_SIZE),
				      (off_t)((end - first) * XT_PAGE_SIZE), POSIX_FADV_DONTNEED);
	}
	if (fd >= 0)
		close(fd);
}

void clone_image_free(struct clone_image *image)
{
	free(image->path);
	free(image->config);
	free(image->warm);
	if (image->plan_fd >= 0)
		close(image->plan_fd);
}
