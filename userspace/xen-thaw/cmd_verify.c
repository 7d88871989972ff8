// SPDX-License-Identifier: GPL-2.0
/* xen-thaw verify: whether a save file is sound. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "command.h"
#include "message.h"
#include "output.h"
#include "progress.h"
#include "verify.h"

static const char help[] =
	"usage: xen-thaw verify [OPTION]... FILE\n"
	"\n"
	"Checks the structure of a save file of xl or libvirt. If the file is packed,\n"
	"its checksums are checked, too.\n"
	"\n"
	"  -j, --json   print JSON\n"
	"  -q, --quiet  print nothing if the file is sound\n"
	"  -h, --help   show this text\n"
	"\n"
	"Exit codes: 0 the file is sound, 1 it is damaged or cannot be read,\n"
	"2 wrong arguments.\n";

static void print_text(const struct verify *v)
{
	output_plain(v->file.stream.name);
	printf(": sound: %" PRIu64 " pages of data in %" PRIu64 " records",
	       v->nr_pages, v->nr_records);
	if (!v->summed_bytes)
		printf("; no checksums");
	else if (v->summed_bytes == v->size)
		printf("; checksums of every byte");
	else
		printf("; checksums of %" PRIu64 " of %" PRIu64 " bytes",
		       v->summed_bytes, v->size);
	if (v->rest)
		printf("; %" PRIu64 " bytes behind its end", v->rest);
	putchar('\n');
}

static void print_json(const struct verify *v, bool damaged)
{
	const struct stream *s = &v->file.stream;
	struct json_object *top = json_object_new_object();

	json_add_text(top, "file", s->name);
	json_add_bool(top, "sound", !damaged);
	json_add_number(top, "libxc_version", s->version);
	json_add_bool(top, "packed", v->indexed);
	json_add_number(top, "bytes", s->file_size);
	json_add_number(top, "bytes_behind_end", v->rest);
	json_add_number(top, "records", v->nr_records);
	json_add_number(top, "pages", v->nr_pages);
	json_add_number(top, "checksummed_bytes", v->summed_bytes);
	json_add_number(top, "checksummed_pages", v->nr_summed);
	if (damaged) {
		json_add_number(top, "bad_offset", s->error_offset);
		json_add_text(top, "error", s->error);
	}
	json_print(top);
}

static int verify(const char *path, bool json, bool quiet)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;
	struct verify v;

	if (fd < 0) {
		message("%s: %s", path, strerror(errno));
		return EXIT_FAILED;
	}
	command_show_progress();
	progress_title("verifying");
	ret = verify_file(&v, fd, path);
	close(fd);
	if (json)
		print_json(&v, ret);
	else if (!ret && !quiet)
		print_text(&v);
	if (ret) {
		fflush(stdout);
		message("%s: %s", path, v.file.stream.error);
	}
	return ret ? EXIT_FAILED : EXIT_OK;
}

struct request {
	bool json;
	bool quiet;
};

static void take(void *arg, int option)
{
	struct request *r = arg;

	if (option == 'j')
		r->json = true;
	else
		r->quiet = true;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "quiet", no_argument, NULL, 'q' },
		{ 0 }
	};
	static const char * const operands[] = { "FILE", NULL };
	static const struct syntax syntax = { "hjq", options, take, operands };
	struct request r = { 0 };
	int ret = command_parse(&command_verify, argc, argv, &syntax, &r);

	return ret == GO_ON ? verify(argv[argc - 1], r.json, r.quiet) : ret;
}

const struct command command_verify = {
	.name = "verify",
	.summary = "check a save file, and its checksums",
	.help = help,
	.run = run,
};
