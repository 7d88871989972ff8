// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"
#include "pack.h"
#include "packed.h"

void packed_init(struct packed *p)
{
	memset(p, 0, sizeof(*p));
	p->fd = -1;
}

void packed_free(struct packed *p)
{
	image_free(&p->img);
	free(p->buf);
	close(p->fd);
}

void packed_small_image(struct packed *p, bool pv)
{
	const uint64_t list[] = {
		ENTRY(PFN_NOTAB, 1), ENTRY(PFN_NOTAB, 2), ENTRY(PFN_XALLOC, 3)
	};
	struct image *img = &p->img;

	image_file_head(img);
	if (pv)
		guest_pv_head(img, 600);
	else
		image_hvm_head(img);
	image_pages(img, list, 3);
	if (pv)
		guest_pv_tail(img);
	else
		image_hvm_tail(img);
	if (!pv)
		image_libxl_record(img, LIBXL_REC_EMULATOR_CONTEXT,
				   "QEVM12345", 9);
	image_file_tail(img);
}

int packed_make(struct packed *p, bool sums)
{
	struct pack_job job = { .in_name = "in", .out_name = "out",
				.sums = sums, .error = "" };
	struct stat st;
	int ret;

	close(p->fd);
	p->fd = memfd_create("packed", MFD_CLOEXEC);
	job.in_fd = image_file(&p->img, false);
	job.out_fd = p->fd;
	ret = pack_stream(&job);
	close(job.in_fd);
	strcpy(p->error, job.error);
	if (ret || fstat(p->fd, &st))
		return -1;
	p->size = (size_t)st.st_size;
	free(p->buf);
	p->buf = malloc(p->size);
	return pread(p->fd, p->buf, p->size, 0) == (ssize_t)p->size ? 0 : -1;
}

void packed_put(struct packed *p, size_t at, const void *bytes, size_t size)
{
	if (pwrite(p->fd, bytes, size, (off_t)at) != (ssize_t)size)
		abort();
}

void packed_put_byte(struct packed *p, size_t at, uint8_t byte)
{
	packed_put(p, at, &byte, 1);
}

int packed_check(struct packed *p)
{
	return verify_file(&p->v, p->fd, "test");
}

size_t packed_index(struct packed *p)
{
	struct stream_record rec;
	struct savefile f;

	if (savefile_open(&f, p->fd, "test") || stream_next(&f.stream, &rec))
		return 0;
	return rec.offset;
}
