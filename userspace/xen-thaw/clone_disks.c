// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "clone_disks.h"
#include "clone_job.h"
#include "clone_overlay.h"
#include "message.h"

static int plan_overlays(struct clone *c, struct clone_overlay *overlays)
{
	const struct clone_config *config = c->job->config;
	struct clone_record *r = &c->record;
	unsigned int i;

	for (i = 0; i < config->nr_disks; i++) {
		if (!config->disks[i].writable)
			continue;
		if (clone_overlay_plan(&overlays[i], &config->disks[i], c->id.uuid, i))
			return -1;
		r->overlays[r->nr_overlays] = clone_overlay_text(&overlays[i]);
		if (!r->overlays[r->nr_overlays]) {
			message("no memory");
			return -1;
		}
		r->nr_overlays++;
	}
	return r->nr_overlays ? clone_record_write(c->job->dir.path, r) : 0;
}

static int make_overlays(struct clone *c, const struct clone_overlay *overlays)
{
	char path[PATH_MAX];
	unsigned int i;

	for (i = 0; i < c->job->config->nr_disks; i++) {
		if (!c->job->config->disks[i].writable)
			continue;
		if (clone_overlay_make(&overlays[i], path))
			return -1;
		c->id.paths[i] = strdup(path);
		if (!c->id.paths[i]) {
			message("no memory");
			return -1;
		}
	}
	return 0;
}

int clone_disks_make(struct clone *clone)
{
	struct clone_overlay *overlays = calloc(CLONE_DISKS, sizeof(*overlays));
	int ret;

	if (!overlays) {
		message("no memory");
		return -1;
	}
	ret = plan_overlays(clone, overlays);
	if (!ret)
		ret = make_overlays(clone, overlays);
	free(overlays);
	return ret;
}

int clone_disks_remove(struct clone_record *record)
{
	while (record->nr_overlays) {
		char *last = record->overlays[record->nr_overlays - 1];

		if (clone_overlay_remove(last))
			return -1;
		free(last);
		record->nr_overlays--;
	}
	return 0;
}

void clone_disks_leave(struct clone_record *record)
{
	while (record->nr_overlays) {
		char *last = record->overlays[--record->nr_overlays];

		message("%s: the preserved domain keeps %s: remove it yourself",
			record->name, last);
		free(last);
	}
}
