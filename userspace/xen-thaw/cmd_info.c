// SPDX-License-Identifier: GPL-2.0
/* xen-thaw info: what is in a save file. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "command.h"
#include "info.h"
#include "message.h"
#include "output.h"

static const char help[] =
	"usage: xen-thaw info [OPTION]... FILE\n"
	"\n"
	"Shows what is in a save file of xl or libvirt, and checks its structure.\n"
	"\n"
	"  -j, --json   print JSON\n"
	"      --quick  do not read the pages, and do not count zero pages\n"
	"  -h, --help   show this text\n"
	"\n"
	"Exit codes: 0 the file is sound, 1 it is damaged or cannot be read,\n"
	"2 wrong arguments.\n";

static const char *toolstack(const struct info *info)
{
	return info->file.toolstack == SAVEFILE_XL ? "xl" : "libvirt";
}

static void print_guest(const struct info *info)
{
	struct size_text s;

	printf("Guest:       ");
	if (info->name) {
		output_plain(info->name);
		printf(", ");
	}
	output_plain(info->type);
	if (info->vcpus)
		printf(", %" PRIu64 " vCPU%s", info->vcpus,
		       info->vcpus == 1 ? "" : "s");
	if (info->memory_kib)
		printf(", %s", output_size(&s, info->memory_kib * 1024));
	if (info->max_memory_kib > info->memory_kib)
		printf(" (at most %s)", output_size(&s, info->max_memory_kib * 1024));
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
	struct size_text s;

	if (info->planned)
		printf("Pages:       %" PRIu64 " (%s)", info->pages,
		       output_size(&s, info->pages * XT_PAGE_SIZE));
	if (info->data_read)
		printf(", %" PRIu64 " of them zero", info->zero);
	if (info->planned)
		putchar('\n');
	printf("Page data:   %s, %" PRIu64 " of %" PRIu64
	       " pages aligned\n",
	       output_size(&s, info->data_pages * XT_PAGE_SIZE), info->aligned_pages,
	       info->data_pages);
}

static void print_count(const char *name, const struct info_count *c)
{
	struct size_text s;

	if (c->nr)
		printf("  %-26s %10" PRIu64 " %14s\n", name, c->nr,
		       output_size(&s, c->bytes));
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
	struct size_text bytes;

	printf("File:        ");
	output_plain(s->name);
	putchar('\n');
	printf("Size:        %s", output_size(&bytes, s->file_size));
	if (info->disk_bytes)
		printf(", on disk %s", output_size(&bytes, info->disk_bytes));
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

static struct json_object *guest_json(const struct info *info)
{
	struct json_object *guest = json_object_new_object();

	json_add_text(guest, "name", info->name);
	json_add_text(guest, "uuid", info->uuid);
	json_add_text(guest, "type", info->type);
	if (info->vcpus)
		json_add_number(guest, "vcpus", info->vcpus);
	if (info->memory_kib)
		json_add_number(guest, "memory_kib", info->memory_kib);
	if (info->max_memory_kib)
		json_add_number(guest, "max_memory_kib", info->max_memory_kib);
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
		json_add_number(one, "count", counts[i].nr);
		json_add_number(one, "bytes", counts[i].bytes);
		json_object_object_add(to, name(i), one);
	}
}

static struct json_object *pages_json(const struct info *info)
{
	struct json_object *pages = json_object_new_object();
	struct json_object *types = json_object_new_object();
	unsigned int i;

	if (info->planned) {
		json_add_number(pages, "guest", info->pages);
		json_add_number(pages, "zero_without_data", info->known_zero);
	}
	if (info->data_read)
		json_add_number(pages, "zero", info->zero);
	json_add_number(pages, "with_data", info->data_pages);
	json_add_number(pages, "aligned", info->aligned_pages);
	for (i = 0; i < 16; i++) {
		if (info->types[i])
			json_add_number(types, info_page_type_name(i),
					info->types[i]);
	}
	json_object_object_add(pages, "types", types);
	return pages;
}

static struct json_object *bytes_json(const struct info *info)
{
	struct json_object *bytes = json_object_new_object();

	json_add_number(bytes, "file", info->file.stream.file_size);
	if (info->disk_bytes)
		json_add_number(bytes, "disk", info->disk_bytes);
	json_add_number(bytes, "page_data", info->data_pages * XT_PAGE_SIZE);
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
	json_add_text(top, "file", s->name);
	json_add_text(top, "toolstack", toolstack(info));
	json_add_text(top, "xen", xen);
	json_add_number(top, "libxl_version", info->file.libxl_version);
	json_add_bool(top, "legacy", info->file.libxl_options & LIBXL_OPT_LEGACY);
	json_add_number(top, "libxc_version", s->version);
	json_object_object_add(top, "guest", guest_json(info));
	json_object_object_add(top, "bytes", bytes_json(info));
	json_object_object_add(top, "pages", pages_json(info));
	json_object_object_add(top, "records", records_json(info));
	json_add_bool(top, "packed", info->packed);
	json_add_bool(top, "checksums", info->sums);
	json_add_bool(top, "truncated_save", info->truncated_save);
	json_add_bool(top, "fast_path", info->fast);
	json_add_text(top, "fast_path_refusal", info->refusal);
	json_add_text(top, "error", damaged ? s->error : NULL);
	json_print(top);
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

struct request {
	bool json;
	bool quick;
};

static void take(void *arg, int option)
{
	struct request *r = arg;

	if (option == 'j')
		r->json = true;
	else
		r->quick = true;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "quick", no_argument, NULL, 'Q' },
		{ 0 }
	};
	static const char * const operands[] = { "FILE", NULL };
	static const struct syntax syntax = { "hj", options, take, operands };
	struct request r = { 0 };
	int ret = command_parse(&command_info, argc, argv, &syntax, &r);

	return ret == GO_ON ? show(argv[argc - 1], r.json, !r.quick) : ret;
}

const struct command command_info = {
	.name = "info",
	.summary = "show what is in a save file",
	.help = help,
	.run = run,
};
