// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "clock.h"
#include "clone_job.h"
#include "clone_report.h"
#include "env.h"
#include "output.h"

static void send_line(struct clone_job *job, struct json_object *o)
{
	const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	size_t left = strlen(text);

	/* The command may be gone: that is no reason to stop. */
	while (job->report >= 0 && left) {
		ssize_t n = write(job->report, text, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		text += n;
		left -= (size_t)n;
	}
	if (job->report >= 0 && (left || write(job->report, "\n", 1) != 1)) {
		close(job->report);
		job->report = -1;
	}
	json_object_put(o);
}

static void add_ms(struct json_object *o, const char *key, double seconds)
{
	struct json_object *v = json_object_new_double(seconds * 1000);

	json_object_set_serializer(v, json_object_double_to_json_string, "%.1f", NULL);
	json_object_object_add(o, key, v);
}

/* From the statistics of its helper, which comes to its end before the clone is whole. */
static void add_helper(struct json_object *ms, struct json_object *stats)
{
	static const struct {
		const char *from;
		const char *to;
	} phases[] = {
		{ "total_s", "helper" },
		{ "populate_s", "populate" },
		{ "fill_s", "fill" },
	};
	struct json_object *v;
	size_t i;

	for (i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		if (json_object_object_get_ex(stats, phases[i].from, &v))
			add_ms(ms, phases[i].to, json_object_get_double(v));
}

static bool is_of(struct json_object *stats, uint32_t domid)
{
	struct json_object *v;

	return json_object_object_get_ex(stats, "domid", &v) &&
	       json_object_get_int64(v) == (int64_t)domid;
}

/* Lines of other clones may come first: each is looked at again then. */
static void find_helper(const struct clone *clone, struct json_object *ms)
{
	const char *path = env_stats();
	FILE *f = path ? fopen(path, "re") : NULL;
	char line[2048];

	if (!f)
		return;
	if (!fseeko(f, clone->job->stats_at, SEEK_SET)) {
		while (fgets(line, sizeof(line), f)) {
			struct json_object *stats = json_tokener_parse(line);

			if (is_of(stats, clone->domid))
				add_helper(ms, stats);
			json_object_put(stats);
		}
	}
	fclose(f);
}

static struct json_object *phases(const struct clone *clone)
{
	struct json_object *ms = json_object_new_object();

	add_ms(ms, "wait", clone->begun - clone->job->began);
	add_ms(ms, "disks", clone->disks_done - clone->begun);
	add_ms(ms, "restore", clone->made - clone->disks_done);
	find_helper(clone, ms);
	add_ms(ms, "all", clock_now() - clone->job->began);
	return ms;
}

struct json_object *clone_report_line(struct clone *clone, const char *why)
{
	struct json_object *o = json_object_new_object();
	struct json_object *macs = json_object_new_array();
	char mac[CLONE_MAC_SIZE];
	unsigned int i;

	for (i = 0; i < clone->record.nr_macs; i++) {
		clone_mac_print(clone->record.macs[i], mac);
		json_object_array_add(macs, json_object_new_string(mac));
	}
	json_add_text(o, "name", clone->id.name);
	json_add_text(o, "uuid", clone->id.uuid);
	json_object_object_add(o, "macs", macs);
	json_add_text(o, "result", why ? "failed" : "ok");
	if (why) {
		json_add_text(o, "error", why);
	} else {
		json_add_number(o, "domid", clone->domid);
		json_object_object_add(o, "ms", phases(clone));
	}
	return o;
}

void clone_report(struct clone *clone, const char *why)
{
	if (why)
		clone->job->failed++;
	else
		clone->job->made++;
	send_line(clone->job, clone_report_line(clone, why));
}

void clone_report_end(struct clone_job *job)
{
	struct json_object *o = json_object_new_object();

	json_add_number(o, "made", job->made);
	json_add_number(o, "failed", job->failed);
	send_line(job, o);
	if (job->report >= 0)
		close(job->report);
	job->report = -1;
}
