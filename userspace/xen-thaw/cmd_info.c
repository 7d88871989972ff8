// SPDX-License-Identifier: GPL-2.0
/* xen-thaw info: what is in a save file. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "command.h"
#include "info.h"
#include "message.h"

static const char usage[] =
	"usage: xen-thaw info [OPTION]... FILE\n"
	"\n"
	"Shows what is in a save file of xl or libvirt, and checks its structure.\n"
	"\n"
	"  -j, --json   as JSON\n"
	"  -q, --quick  do not read the pages, so do not count the zero ones\n"
	"  -h, --help   show this text\n"
	"\n"
	"Exit codes: 0 the file is sound, 1 it is damaged or cannot be read, 2 usage.\n";

/* Room for a size as text. */
struct size {
	char text[32];
};

static const char *size(struct size *s, uint64_t bytes)
{
	static const char * const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		snprintf(s->text, sizeof(s->text), "%" PRIu64 " bytes", bytes);
		return s->text;
	}
	for (; value >= 1024 && unit < 3; unit++)
		value /= 1024;
	snprintf(s->text, sizeof(s->text), "%.1f %s", value, units[unit]);
	return s->text;
}

/* The file says what it likes: nothing of it steers a terminal. */
static void print_plain(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' :
								      *text);
}

static const char *toolstack(const struct info *info)
{
	return info->file.toolstack == SAVEFILE_XL ? "xl" : "libvirt";
}

static void print_guest(const struct info *info)
{
	struct size s;

	printf("Guest:       ");
	if (info->name) {
		print_plain(info->name);
		printf(", ");
	}
	print_plain(info->type);
	if (info->vcpus)
		printf(", %" PRIu64 " vCPU%s", info->vcpus,
		       info->vcpus == 1 ? "" : "s");
	if (info->memory_kib)
		printf(", %s", size(&s, info->memory_kib * 1024));
	if (info->max_memory_kib > info->memory_kib)
		printf(" (at most %s)", size(&s, info->max_memory_kib * 1024));
	putchar('\n');
}

static void print_origin(const struct info *info)
{
	const struct stream *s = &info->file.stream;

	printf("Saved by:    %s, ", toolstack(info));
	if (s->xen_major)
		printf("Xen %u.%u", s->xen_major, s->xen_minor);
	else
		printf("converted from Xen 4.5 or older");
	printf("; libxl stream version %u, libxc stream version %u\n",
	       info->file.libxl_version, s->version);
}

static void print_pages(const struct info *info)
{
	struct size s;

	if (info->planned)
		printf("Pages:       %" PRIu64 " (%s)", info->pages,
		       size(&s, info->pages * XT_PAGE_SIZE));
	if (info->data_read)
		printf(", %" PRIu64 " of them zero", info->zero);
	if (info->planned)
		putchar('\n');
	printf("Page data:   %s, %" PRIu64 " of %" PRIu64
	       " pages at a page of the file\n",
	       size(&s, info->data_pages * XT_PAGE_SIZE), info->aligned_pages,
	       info->data_pages);
}

static void print_count(const char *name, const struct info_count *c)
{
	struct size s;

	if (c->nr)
		printf("  %-26s %10" PRIu64 " %14s\n", name, c->nr,
		       size(&s, c->bytes));
}

static void print_tables(const struct info *info)
{
	unsigned int i;

	printf("\nRecords of the libxc stream\n");
	for (i = 0; i < INFO_LIBXC_TYPES; i++)
		print_count(info_libxc_name(i), &info->libxc[i]);
	printf("\nRecords of the libxl stream\n");
	for (i = 0; i < INFO_LIBXL_TYPES; i++)
		print_count(info_libxl_name(i), &info->libxl[i]);
	printf("\nEntries of PAGE_DATA by type\n");
	for (i = 0; i < 16; i++) {
		if (info->types[i])
			printf("  %-26s %10" PRIu64 "\n",
			       info_page_type_name(i), info->types[i]);
	}
}

static void print_text(const struct info *info, bool damaged)
{
	const struct stream *s = &info->file.stream;
	struct size bytes;

	printf("File:        ");
	print_plain(s->name);
	putchar('\n');
	printf("Size:        %s", size(&bytes, s->file_size));
	if (info->disk_bytes)
		printf(", on disk %s", size(&bytes, info->disk_bytes));
	putchar('\n');
	print_origin(info);
	print_guest(info);
	print_pages(info);
	printf("Packed:      %s\n", info_packed(info));
	printf("Fast path:   %s%s\n",
	       damaged ? "no: the file is damaged" : info->fast ? "yes" : "no: ",
	       !damaged && !info->fast ? info->refusal : "");
	print_tables(info);
}

static void add_string(struct json_object *to, const char *key,
		       const char *value)
{
	if (value)
		json_object_object_add(to, key, json_object_new_string(value));
}

static void add_number(struct json_object *to, const char *key, uint64_t value)
{
	json_object_object_add(to, key, json_object_new_uint64(value));
}

static void add_bool(struct json_object *to, const char *key, bool value)
{
	json_object_object_add(to, key, json_object_new_boolean(value));
}

static struct json_object *guest_json(const struct info *info)
{
	struct json_object *guest = json_object_new_object();

	add_string(guest, "name", info->name);
	add_string(guest, "uuid", info->uuid);
	add_string(guest, "type", info->type);
	if (info->vcpus)
		add_number(guest, "vcpus", info->vcpus);
	if (info->memory_kib)
		add_number(guest, "memory_kib", info->memory_kib);
	if (info->max_memory_kib)
		add_number(guest, "max_memory_kib", info->max_memory_kib);
	return guest;
}

static void add_counts(struct json_object *to, const struct info_count *counts,
		       unsigned int nr, const char *(*name)(unsigned int type))
{
	struct json_object *one;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!counts[i].nr)
			continue;
		one = json_object_new_object();
		add_number(one, "count", counts[i].nr);
		add_number(one, "bytes", counts[i].bytes);
		json_object_object_add(to, name(i), one);
	}
}

static struct json_object *pages_json(const struct info *info)
{
	struct json_object *pages = json_object_new_object();
	struct json_object *types = json_object_new_object();
	unsigned int i;

	if (info->planned) {
		add_number(pages, "guest", info->pages);
		add_number(pages, "zero_without_data", info->known_zero);
	}
	if (info->data_read)
		add_number(pages, "zero", info->zero);
	add_number(pages, "with_data", info->data_pages);
	add_number(pages, "aligned", info->aligned_pages);
	for (i = 0; i < 16; i++) {
		if (info->types[i])
			add_number(types, info_page_type_name(i),
				   info->types[i]);
	}
	json_object_object_add(pages, "types", types);
	return pages;
}

static struct json_object *bytes_json(const struct info *info)
{
	struct json_object *bytes = json_object_new_object();

	add_number(bytes, "file", info->file.stream.file_size);
	if (info->disk_bytes)
		add_number(bytes, "disk", info->disk_bytes);
	add_number(bytes, "page_data", info->data_pages * XT_PAGE_SIZE);
	return bytes;
}

static struct json_object *records_json(const struct info *info)
{
	struct json_object *records = json_object_new_object();
	struct json_object *libxc = json_object_new_object();
	struct json_object *libxl = json_object_new_object();

	add_counts(libxc, info->libxc, INFO_LIBXC_TYPES, info_libxc_name);
	add_counts(libxl, info->libxl, INFO_LIBXL_TYPES, info_libxl_name);
	json_object_object_add(records, "libxc", libxc);
	json_object_object_add(records, "libxl", libxl);
	return records;
}

static void print_json(const struct info *info, bool damaged)
{
	const struct stream *s = &info->file.stream;
	struct json_object *top = json_object_new_object();
	char xen[32];

	snprintf(xen, sizeof(xen), "%u.%u", s->xen_major, s->xen_minor);
	add_string(top, "file", s->name);
	add_string(top, "toolstack", toolstack(info));
	add_string(top, "xen", xen);
	add_number(top, "libxl_version", info->file.libxl_version);
	add_bool(top, "legacy", info->file.libxl_options & LIBXL_OPT_LEGACY);
	add_number(top, "libxc_version", s->version);
	json_object_object_add(top, "guest", guest_json(info));
	json_object_object_add(top, "bytes", bytes_json(info));
	json_object_object_add(top, "pages", pages_json(info));
	json_object_object_add(top, "records", records_json(info));
	add_bool(top, "packed", info->packed);
	add_bool(top, "checksums", info->sums);
	add_bool(top, "cut_save", info->cut_save);
	add_bool(top, "fast_path", info->fast);
	add_string(top, "fast_path_refusal", info->refusal);
	add_string(top, "error", damaged ? s->error : NULL);
	puts(json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(top);
}

static int show(const char *path, bool json, bool read_data)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct info info;
	int ret;

	if (fd < 0) {
		message("%s: %s", path, strerror(errno));
		return EXIT_FAILED;
	}
	ret = info_gather(&info, fd, path, read_data);
	close(fd);
	if (ret >= 0 && json)
		print_json(&info, ret);
	else if (ret >= 0)
		print_text(&info, ret);
	if (ret) {
		fflush(stdout);
		message("%s: %s", path, info.file.stream.error);
	}
	info_free(&info);
	return ret ? EXIT_FAILED : EXIT_OK;
}

int cmd_info(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "quick", no_argument, NULL, 'q' },
		{ 0 }
	};
	bool json = false, read_data = true;
	int c;

	while ((c = getopt_long(argc, argv, "hjq", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			fputs(usage, stdout);
			return EXIT_OK;
		case 'j':
			json = true;
			break;
		case 'q':
			read_data = false;
			break;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind != argc - 1) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	return show(argv[optind], json, read_data);
}
