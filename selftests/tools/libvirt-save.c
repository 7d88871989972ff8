// SPDX-License-Identifier: GPL-2.0
/*
 * libvirt-save DOMID FILE: saves a guest by libxl as libvirt does, with libvirt's
 * header in front, and lets the guest run on.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libxl.h>

/* This is libvirt's _libxlSavefileHeader (src/libxl/libxl_domain.h). */
struct header {
	char magic[16];
	uint32_t version;
	uint32_t xml_len;
	uint32_t unused[10];
};

static const char xml[] = "<domain type='xen'/>";

static void write_header(int fd)
{
	struct header h = { .version = 2, .xml_len = sizeof(xml) };

	memcpy(h.magic, "libvirt-xml\n \0 \r", sizeof(h.magic));
	if (write(fd, &h, sizeof(h)) != sizeof(h) ||
	    write(fd, xml, sizeof(xml)) != sizeof(xml))
		err(1, "write");
}

int main(int argc, char **argv)
{
	libxl_ctx *ctx;
	xentoollog_logger *log;
	uint32_t domid;
	int fd, ret;

	if (argc != 3)
		errx(2, "usage: libvirt-save DOMID FILE");
	domid = (uint32_t)atoi(argv[1]);
	log = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr,
								XTL_ERROR, 0);
	if (!log || libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0, log))
		errx(1, "no libxl");
	fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		err(1, "%s", argv[2]);
	write_header(fd);
	ret = libxl_domain_suspend(ctx, domid, fd, 0, NULL);
	if (libxl_domain_resume(ctx, domid, 1, NULL))
		errx(1, "cannot resume domain %u", domid);
	libxl_ctx_free(ctx);
	return ret ? 1 : close(fd);
}
