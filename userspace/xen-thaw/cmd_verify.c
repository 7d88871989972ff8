// SPDX-License-Identifier: GPL-2.0
/* xen-thaw verify: whether a save file is sound. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "command.h"
#include "env.h"
#include "message.h"
#include "progress.h"
#include "verify.h"

static const char usage[] =
	"usage: xen-thaw verify [OPTION]... FILE\n"
	"\n"
	"Checks the structure of a save file of xl or libvirt, and the checksums of one\n"
	"that xen-thaw pack wrote.\n"
	"\n"
	"  -j, --json   as JSON\n"
	"  -q, --quiet  print nothing about a sound file\n"
	"  -h, --help   show this text\n"
	"\n"
	"Exit codes: 0 the file is sound, 1 it is damaged or cannot be read, 2 usage.\n";

static void print_text(const struct verify *v)
{
	printf("%s: sound: %" PRIu64 " pages of data in %" PRIu64 " records",
	       v->file.stream.name, v->nr_pages, v->nr_records);
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

static void add_number(struct json_object *to, const char *key, uint64_t value)
{
	json_object_object_add(to, key, json_object_new_uint64(value));
}

static void print_json(const struct verify *v, bool damaged)
{
	const struct stream *s = &v->file.stream;
	struct json_object *top = json_object_new_object();

	json_object_object_add(top, "file", json_object_new_string(s->name));
	json_object_object_add(top, "sound", json_object_new_boolean(!damaged));
	add_number(top, "libxc_version", s->version);
	json_object_object_add(top, "packed",
			       json_object_new_boolean(v->indexed));
	add_number(top, "bytes", s->file_size);
	add_number(top, "bytes_behind_end", v->rest);
	add_number(top, "records", v->nr_records);
	add_number(top, "pages", v->nr_pages);
	add_number(top, "checksummed_bytes", v->summed_bytes);
	add_number(top, "checksummed_pages", v->nr_summed);
	if (damaged) {
		add_number(top, "bad_offset", s->error_offset);
		json_object_object_add(top, "error",
				       json_object_new_string(s->error));
	}
	puts(json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(top);
}

static int verify(const char *path, bool json, bool quiet)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;
	struct verify v;

	if (fd < 0) {
		message("%s: %s", path, strerror(errno));
		return EXIT_FAILED;
	}
	if (isatty(STDERR_FILENO))
		setenv(ENV_PROGRESS, "1", 0);
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

int cmd_verify(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "quiet", no_argument, NULL, 'q' },
		{ 0 }
	};
	bool json = false, quiet = false;
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
			quiet = true;
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
	return verify(argv[optind], json, quiet);
}
