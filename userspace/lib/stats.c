// SPDX-License-Identifier: GPL-2.0

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <json-c/json.h>

#include "env.h"
#include "message.h"
#include "stats.h"

static void add_count(struct json_object *o, const char *key, uint64_t value)
{
	json_object_object_add(o, key, json_object_new_uint64(value));
}

static void add_seconds(struct json_object *o, const char *key, double value)
{
	struct json_object *v = json_object_new_double(value);

	json_object_set_serializer(v, json_object_double_to_json_string,
				   "%.6f", NULL);
	json_object_object_add(o, key, v);
}

static void add_text(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value));
}

static struct json_object *stats_to_json(const struct stats *st)
{
	struct json_object *o = json_object_new_object();

	add_text(o, "engine", st->engine);
	add_text(o, "guest", st->guest);
	add_count(o, "domid", st->domid);
	add_count(o, "pages", st->pages);
	add_count(o, "zero_pages", st->zero_pages);
	add_count(o, "zero_by_xen", st->zero_by_xen);
	add_count(o, "zero_skipped", st->zero_skipped);
	add_text(o, "zero_refused", st->zero_refused ? st->zero_refused : "");
	add_count(o, "superpages", st->superpages);
	add_count(o, "bytes", st->bytes);
	add_count(o, "extents", st->extents);
	add_seconds(o, "scan_s", st->scan_s);
	add_seconds(o, "populate_s", st->populate_s);
	add_seconds(o, "fill_s", st->fill_s);
	add_seconds(o, "total_s", st->total_s);
	add_count(o, "hypercalls", st->hypercalls);
	add_count(o, "copy_ops", st->copy_ops);
	add_text(o, "cache", st->cache);
	add_text(o, "result", st->result);
	return o;
}

static struct json_object *save_to_json(const struct save_stats *st)
{
	struct json_object *o = json_object_new_object();

	add_text(o, "operation", "save");
	add_text(o, "form", st->form);
	add_text(o, "guest", st->guest);
	add_count(o, "records", st->records);
	add_count(o, "pages", st->pages);
	add_count(o, "zero_pages", st->zero_pages);
	add_count(o, "again", st->again);
	add_count(o, "dropped", st->dropped);
	add_seconds(o, "total_s", st->total_s);
	add_text(o, "result", st->result);
	return o;
}

static struct json_object *live_to_json(const struct live_stats *st)
{
	struct json_object *o = json_object_new_object();

	add_text(o, "operation", "live");
	add_count(o, "domid", st->domid);
	add_seconds(o, "frozen_s", st->frozen_s);
	add_seconds(o, "total_s", st->total_s);
	add_text(o, "result", st->result);
	return o;
}

/* Frees the object. */
static void append(const char *path, struct json_object *o)
{
	struct iovec line[2];
	ssize_t n = -1;
	int fd;

	line[0].iov_base = (void *)json_object_to_json_string_ext(o,
						JSON_C_TO_STRING_SPACED);
	line[0].iov_len = strlen(line[0].iov_base);
	line[1].iov_base = "\n";
	line[1].iov_len = 1;

	/* Root writes: a link that somebody else made is not followed. */
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW |
			O_CLOEXEC, 0644);
	if (fd >= 0) {
		/* One write, so that lines of several helpers do not mix. */
		n = writev(fd, line, 2);
	}
	if (n < 0)
		message(ENV_STATS "=%s: %s", path, errno == ELOOP ?
			"it is a symbolic link" : strerror(errno));
	if (fd >= 0)
		close(fd);
	json_object_put(o);
}

void stats_append(const char *path, const struct stats *st)
{
	append(path, stats_to_json(st));
}

void stats_append_save(const char *path, const struct save_stats *st)
{
	append(path, save_to_json(st));
}

void stats_append_live(const char *path, const struct live_stats *st)
{
	append(path, live_to_json(st));
}
