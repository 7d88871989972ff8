// SPDX-License-Identifier: GPL-2.0
/*
 * seeds DIR: writes small save files for the fuzzers to begin with. They are good
 * files of all kinds, packed and not, and all bad files of the unit tests.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bad.h"
#include "guest.h"
#include "image.h"
#include "pack.h"
#include "savefile.h"

static const char *dir;

/* Writes three files to @dir: as it is, and packed with and without checksums. */
static void save(struct image *img, const char *name)
{
	static const char * const suffix[] = { "", ".packed", ".indexed" };
	struct pack_job job = { .in_name = name, .out_name = name };
	char path[4096];
	unsigned int i;
	int fd;

	job.in_fd = image_file(img, true);
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s%s", dir, name, suffix[i]);
		fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (fd < 0)
			err(1, "%s", path);
		job.out_fd = fd;
		job.sums = i == 1;
		if (!i && write(fd, img->buf, img->len) != (ssize_t)img->len)
			err(1, "%s", path);
		/* A bad image cannot be packed. */
		if (i && pack_stream(&job))
			unlink(path);
		close(fd);
	}
	close(job.in_fd);
	image_free(img);
	memset(img, 0, sizeof(*img));
}

static void pages(struct image *img)
{
	const uint64_t again[] = {
		ENTRY(PFN_NOTAB, 1), ENTRY(PFN_XTAB, 5), ENTRY(PFN_XALLOC, 9),
		ENTRY(PFN_NOTAB, 1), ENTRY(PFN_BROKEN, 2),
	};

	image_page_range(img, PFN_NOTAB, 0, 3);
	image_page_range(img, PFN_XALLOC, 512, 700);
	image_page_range(img, PFN_XTAB, 2000, 20);
	image_pages(img, again, 5);
}

static void hvm(struct image *img, const char *name)
{
	image_libxl(img);
	image_libxl_record(img, LIBXL_REC_LIBXC_CONTEXT, NULL, 0);
	image_hvm_head(img);
	pages(img);
	image_hvm_tail(img);
	image_libxl_record(img, LIBXL_REC_EMULATOR_XENSTORE_DATA,
			   "\1\0\0\0\0\0\0\0a", 9);
	image_libxl_record(img, LIBXL_REC_EMULATOR_CONTEXT,
			   "\1\0\0\0\0\0\0\0bc", 10);
	image_file_tail(img);
	save(img, name);
}

static void pv(struct image *img)
{
	image_file_head(img);
	guest_pv_head(img, 2047);
	pages(img);
	image_page_range(img, PFN_L1TAB, 20, 1);
	image_page_range(img, PFN_L4TAB_PIN, 21, 1);
	image_page_range(img, PFN_NOTAB, 20, 3);
	guest_pv_tail(img);
	image_file_tail(img);
	save(img, "pv");
}

int main(int argc, char **argv)
{
	const struct bad *bad;
	struct image img = { 0 };

	if (argc != 2)
		errx(2, "usage: seeds DIR");
	dir = argv[1];

	image_xl(&img, NULL);
	hvm(&img, "bare");
	image_xl(&img, "{}");
	hvm(&img, "xl");
	image_libvirt(&img, "<domain/>");
	hvm(&img, "libvirt");
	pv(&img);
	for (bad = bad_images; bad->name; bad++) {
		bad_image(&img, bad);
		save(&img, bad->name);
	}
	return 0;
}
