// SPDX-License-Identifier: GPL-2.0
/* Writes save files for tests: good files of any size, and each of the bad images. */
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bad.h"
#include "savefile.h"

/* Stock puts this many pfns into a record. */
#define BATCH		1024

enum order { ASCENDING, DESCENDING, RANDOM };

struct options {
	const char *bad;
	uint32_t guest;
	uint32_t version;
	bool libvirt;
	uint64_t pages;
	uint64_t zero_every;
	enum order order;
	unsigned int type;
	const char *config;
	uint32_t cpuid[8][6];
	size_t leaves;
};

static const char usage[] =
	"usage: mkimage [OPTION]... FILE\n"
	"       mkimage --list\n"
	"\n"
	"  -b, --bad NAME        write the small bad image of this name\n"
	"  -c, --config JSON     configuration of the guest, in xl's header\n"
	"  -u, --cpuid LEAF      a leaf of the CPUID policy; up to 8 times:\n"
	"                        LEAF,SUBLEAF,EAX,EBX,ECX,EDX in hex\n"
	"  -l, --list            list the names for --bad\n"
	"  -n, --pages N         number of guest pages (default 1024)\n"
	"  -o, --order ORDER     order of pfns: up, down or random (default up)\n"
	"  -t, --type TYPE       type of all pages, a number (default 0; 14: no data)\n"
	"  -z, --zero-every N    make every Nth page zero (default none)\n"
	"  -p, --pv              save a PV guest (default PVH)\n"
	"  -v, --libvirt         write libvirt's header instead of xl's\n"
	"  -2, --version-2       write a libxc stream of version 2\n";

static const struct option long_options[] = {
	{ "bad", required_argument, NULL, 'b' },
	{ "config", required_argument, NULL, 'c' },
	{ "cpuid", required_argument, NULL, 'u' },
	{ "help", no_argument, NULL, 'h' },
	{ "libvirt", no_argument, NULL, 'v' },
	{ "list", no_argument, NULL, 'l' },
	{ "order", required_argument, NULL, 'o' },
	{ "pages", required_argument, NULL, 'n' },
	{ "pv", no_argument, NULL, 'p' },
	{ "type", required_argument, NULL, 't' },
	{ "version-2", no_argument, NULL, '2' },
	{ "zero-every", required_argument, NULL, 'z' },
	{ 0 }
};

/* Writes the image so far, and frees its room: images may be huge. */
static void flush(struct image *img, int fd)
{
	size_t done = 0;
	ssize_t n;

	while (done < img->len) {
		n = write(fd, img->buf + done, img->len - done);
		if (n < 0)
			err(1, "write");
		done += (size_t)n;
	}
	img->len = 0;
}

static uint64_t pfn_at(const struct options *o, uint64_t i)
{
	switch (o->order) {
	case DESCENDING:
		return o->pages - 1 - i;
	case RANDOM:
		/* The factor is odd, so this is a permutation of the 32-bit numbers. */
		return (uint32_t)(i * 2654435761U);
	default:
		return i;
	}
}

static void add_batch(struct image *img, const struct options *o, uint64_t from,
		      uint32_t nr)
{
	size_t data = img->len + 8 + 8 + 8 * (size_t)nr;
	uint64_t list[BATCH];
	uint32_t i;

	for (i = 0; i < nr; i++)
		list[i] = ENTRY(o->type, pfn_at(o, from + i));
	image_pages(img, list, nr);

	for (i = 0; o->zero_every && i < nr; i++) {
		if ((from + i) % o->zero_every == 0)
			memset(img->buf + data + i * (size_t)XT_PAGE_SIZE, 0,
			       XT_PAGE_SIZE);
	}
}

static void good_image(struct image *img, const struct options *o, int fd)
{
	uint64_t i, nr;

	if (o->libvirt)
		image_libvirt(img, IMAGE_XML);
	else
		image_xl(img, o->config);
	image_libxl(img);
	image_libxl_record(img, LIBXL_REC_LIBXC_CONTEXT, NULL, 0);
	image_libxc(img, o->version, o->guest);
	if (o->leaves)
		image_record(img, REC_X86_CPUID_POLICY, o->cpuid,
			     o->leaves * sizeof(o->cpuid[0]));
	if (o->version > 2)
		image_record(img, REC_STATIC_DATA_END, NULL, 0);
	img->fill = 1;
	for (i = 0; i < o->pages; i += nr) {
		nr = o->pages - i < BATCH ? o->pages - i : BATCH;
		add_batch(img, o, i, (uint32_t)nr);
		flush(img, fd);
	}
	image_hvm_tail(img);
	image_file_tail(img);
}

static void find_bad(struct image *img, const char *name)
{
	const struct bad *bad;

	for (bad = bad_images; bad->name; bad++) {
		if (!strcmp(bad->name, name)) {
			bad_image(img, bad);
			return;
		}
	}
	errx(2, "no bad image '%s': see mkimage --list", name);
}

static void list_bad(void)
{
	const struct bad *bad;

	for (bad = bad_images; bad->name; bad++)
		printf("%s\n", bad->name);
}

static enum order order_of(const char *name)
{
	static const char * const names[] = { "up", "down", "random" };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (!strcmp(name, names[i]))
			return (enum order)i;
	}
	errx(2, "order '%s' is not up, down or random", name);
}

static void add_leaf(struct options *o, const char *text)
{
	uint32_t *leaf = o->cpuid[o->leaves++];

	if (o->leaves > sizeof(o->cpuid) / sizeof(o->cpuid[0]) ||
	    sscanf(text, "%x,%x,%x,%x,%x,%x", &leaf[0], &leaf[1], &leaf[2],
		   &leaf[3], &leaf[4], &leaf[5]) != 6)
		errx(2, "--cpuid %s: not six numbers, or one leaf too many",
		     text);
}

static void parse(struct options *o, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "2b:c:hln:o:pt:u:vz:", long_options,
				NULL)) != -1) {
		switch (c) {
		case '2':
			o->version = 2;
			break;
		case 'b':
			o->bad = optarg;
			break;
		case 'c':
			o->config = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case 'l':
			list_bad();
			exit(0);
		case 'n':
			o->pages = strtoull(optarg, NULL, 0);
			break;
		case 'o':
			o->order = order_of(optarg);
			break;
		case 'p':
			o->guest = STREAM_GUEST_PV;
			break;
		case 't':
			o->type = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 'u':
			add_leaf(o, optarg);
			break;
		case 'v':
			o->libvirt = true;
			break;
		case 'z':
			o->zero_every = strtoull(optarg, NULL, 0);
			break;
		default:
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	struct options o = { .guest = STREAM_GUEST_HVM, .version = 3,
			     .pages = BATCH, .config = IMAGE_CONFIG };
	struct image img = { 0 };
	int fd;

	parse(&o, argc, argv);
	if (optind != argc - 1) {
		fputs(usage, stderr);
		return 2;
	}

	fd = open(argv[optind], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		err(1, "%s", argv[optind]);
	if (o.bad)
		find_bad(&img, o.bad);
	else
		good_image(&img, &o, fd);
	flush(&img, fd);
	image_free(&img);
	if (close(fd))
		err(1, "%s", argv[optind]);
	return 0;
}
