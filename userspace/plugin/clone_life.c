// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a guest: restored, watched, destroyed, made again. xl has the same in
 * create_domain() (tools/xl/xl_vmcontrol.c), for one domain in each process.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clone_host.h"

time_t clone_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

const char *clone_name(const struct clone_guest *g)
{
	return g->config.c_info.name ? g->config.c_info.name : "(no name)";
}

libxl_asyncop_how clone_how(const struct clone_guest *g)
{
	return (libxl_asyncop_how){ .u.for_event = g->id };
}

static void close_file(struct clone_guest *g)
{
	if (g->fd >= 0)
		close(g->fd);
	g->fd = -1;
}

void clone_unwatch(struct clone_guest *g)
{
	int i;

	if (g->death)
		libxl_evdisable_domain_death(g->host->ctx, g->death);
	g->death = NULL;
	for (i = 0; i < g->nr_ejects; i++)
		if (g->ejects[i])
			libxl_evdisable_disk_eject(g->host->ctx, g->ejects[i]);
	free(g->ejects);
	g->ejects = NULL;
	g->nr_ejects = 0;
}

static void free_guest(struct clone_guest *g)
{
	struct clone_guest **at = &g->host->guests;

	while (*at && *at != g)
		at = &(*at)->next;
	if (*at)
		*at = g->next;
	clone_unwatch(g);
	close_file(g);
	libxl_domain_config_dispose(&g->config);
	free(g);
}

/* The guest is freed before anybody hears of its end. */
void clone_end(struct clone_guest *g, enum clone_news news)
{
	const struct clone_user *user = g->host->user;
	uint32_t domid = g->domid;
	void *arg = g->arg;
	char why[sizeof(g->why)];

	memcpy(why, g->why, sizeof(why));
	free_guest(g);
	user->news(arg, news, domid, why[0] ? why : NULL);
}

void clone_tell(struct clone_guest *g, enum clone_news news)
{
	g->host->user->news(g->arg, news, g->domid, NULL);
}

/* libxl's first message is the cause; later ones say who noticed. */
static void note_error(struct clone_guest *g, const char *what, int rc)
{
	const char *first = g->host->first_error;

	if (!g->why[0])
		snprintf(g->why, sizeof(g->why), "%s: libxl: %s%serror %d",
			 what, first, first[0] ? ": " : "", rc);
	g->host->first_error[0] = '\0';
}

static int restore(struct clone_guest *g)
{
	const libxl_asyncop_how how = clone_how(g);
	libxl_domain_restore_params params;
	int rc;

	libxl_domain_restore_params_init(&params);
	params.checkpointed_stream = LIBXL_CHECKPOINTED_STREAM_NONE;
	params.stream_version = 2;
	libxl_defbool_set(&params.userspace_colo_proxy, false);
	rc = libxl_domain_create_restore(g->host->ctx, &g->config, &g->domid,
					 g->fd, -1, &params, &how, NULL);
	libxl_domain_restore_params_dispose(&params);
	return rc;
}

static int make(struct clone_guest *g)
{
	const libxl_asyncop_how how = clone_how(g);
	int rc;

	g->stage = STAGE_MAKING;
	g->domid = INVALID_DOMID;
	g->config.c_info.domid = g->host->domid_policy;
	g->host->first_error[0] = '\0';
	if (clone_free_memory(g->host, g)) {
		snprintf(g->why, sizeof(g->why), "dom0 cannot give the memory: see autoballoon in xl.conf(5)");
		return -1;
	}
	rc = g->fd >= 0 ? restore(g) :
		libxl_domain_create_new(g->host->ctx, &g->config, &g->domid,
					&how, NULL);
	if (rc)
		note_error(g, "cannot make the domain", rc);
	return rc ? -1 : 0;
}

struct clone_guest *clone_restore(struct clone_host *host, const char *json,
				  int fd, void *arg)
{
	struct clone_guest *g = calloc(1, sizeof(*g));

	if (!g) {
		clone_log(host, "no memory");
		close(fd);
		return NULL;
	}
	g->host = host;
	g->id = ++host->last_id;
	g->arg = arg;
	g->fd = fd;
	g->domid = INVALID_DOMID;
	g->next = host->guests;
	host->guests = g;
	libxl_domain_config_init(&g->config);
	if (libxl_domain_config_from_json(host->ctx, &g->config, json))
		snprintf(g->why, sizeof(g->why), "libxl does not take the configuration: %.150s",
			 host->first_error);
	else if (!make(g))
		return g;
	clone_log(host, "%s: %s", clone_name(g), g->why);
	free_guest(g);
	return NULL;
}

/* xl watches the same: shutdown, death, and disks that the guest ejects. */
static int watch(struct clone_guest *g)
{
	libxl_ctx *ctx = g->host->ctx;
	int i;

	if (libxl_evenable_domain_death(ctx, g->domid, g->id, &g->death))
		return -1;
	g->ejects = calloc((size_t)g->config.num_disks + 1, sizeof(*g->ejects));
	if (!g->ejects)
		return -1;
	g->nr_ejects = g->config.num_disks;
	for (i = 0; i < g->nr_ejects; i++)
		if (g->config.disks[i].removable &&
		    libxl_evenable_disk_eject(ctx, g->domid, g->config.disks[i].vdev,
					      g->id, &g->ejects[i]))
			return -1;
	return 0;
}

void clone_destroy(struct clone_guest *g, enum clone_stage stage)
{
	const libxl_asyncop_how how = clone_how(g);
	int rc;

	clone_unwatch(g);
	g->stage = stage;
	rc = libxl_domain_destroy(g->host->ctx, g->domid, &how);
	if (!rc)
		return;
	note_error(g, "cannot destroy the domain", rc);
	clone_log(g->host, "%s: %s", clone_name(g), g->why);
	clone_end(g, CLONE_LEFT);
}

static void fail_making(struct clone_guest *g)
{
	close_file(g);
	clone_end(g, g->again ? CLONE_GONE : CLONE_FAILED);
}

/* libxl destroys a domain that it could not make, but may fail. */
static bool is_left(const struct clone_guest *g)
{
	return libxl_domid_valid_guest(g->domid) &&
	       !libxl_domain_info(g->host->ctx, NULL, g->domid);
}

static void made(struct clone_guest *g, int rc)
{
	close_file(g);
	if (!rc && !g->aborted && !watch(g)) {
		g->stage = STAGE_WATCHED;
		if (g->again) {
			libxl_domain_unpause(g->host->ctx, g->domid, NULL);
			clone_tell(g, CLONE_RESTARTED);
		} else {
			clone_tell(g, CLONE_MADE);
		}
		return;
	}
	note_error(g, rc ? "cannot make the domain" : "cannot watch the domain", rc);
	if (is_left(g))
		clone_destroy(g, STAGE_UNDOING);
	else
		fail_making(g);
}

static void ended(struct clone_guest *g, int rc)
{
	if (rc) {
		note_error(g, "cannot destroy the domain", rc);
		clone_log(g->host, "%s: %s", clone_name(g), g->why);
		clone_end(g, CLONE_LEFT);
	} else if (g->restart) {
		g->stage = STAGE_PAUSE;
		g->domid = INVALID_DOMID;
		g->due = clone_seconds() + CLONE_RESTART_SECONDS;
	} else {
		clone_end(g, CLONE_GONE);
	}
}

static void complete(struct clone_guest *g, int rc)
{
	switch (g->stage) {
	case STAGE_MAKING:
		made(g, rc);
		break;
	case STAGE_UNDOING:
		if (rc && is_left(g))
			clone_end(g, CLONE_LEFT);
		else
			fail_making(g);
		break;
	case STAGE_ENDING:
		ended(g, rc);
		break;
	default:
		break;
	}
}

static struct clone_guest *find_guest(struct clone_host *host, uint64_t id)
{
	struct clone_guest *g = host->guests;

	while (g && g->id != id)
		g = g->next;
	return g;
}

void clone_handle(struct clone_host *host, libxl_event *event)
{
	struct clone_guest *g = find_guest(host, event->for_user);

	if (!g)
		return;
	if (event->type == LIBXL_EVENT_TYPE_OPERATION_COMPLETE) {
		complete(g, event->u.operation_complete.rc);
		return;
	}
	/* Of a domain that this guest had before. */
	if (g->stage != STAGE_WATCHED || event->domid != g->domid)
		return;
	switch (event->type) {
	case LIBXL_EVENT_TYPE_DOMAIN_SHUTDOWN:
		clone_shut_down(g, event->u.domain_shutdown.shutdown_reason);
		break;
	case LIBXL_EVENT_TYPE_DOMAIN_DEATH:
		clone_end(g, CLONE_GONE);
		break;
	case LIBXL_EVENT_TYPE_DISK_EJECT:
		libxl_cdrom_insert(host->ctx, g->domid, &event->u.disk_eject.disk, NULL);
		break;
	default:
		break;
	}
}

int clone_next_due(const struct clone_host *host)
{
	const struct clone_guest *g;
	time_t t = clone_seconds();
	int next = -1;

	for (g = host->guests; g; g = g->next) {
		int ms = g->due > t ? (int)(g->due - t) * 1000 : 0;

		if (g->stage == STAGE_PAUSE && (next < 0 || ms < next))
			next = ms;
	}
	return next;
}

void clone_restart_due(struct clone_host *host)
{
	struct clone_guest *g, *next;

	for (g = host->guests; g; g = next) {
		next = g->next;
		if (g->stage != STAGE_PAUSE || g->due > clone_seconds() || !make(g))
			continue;
		clone_log(host, "%s: cannot be made again: %s", clone_name(g), g->why);
		clone_end(g, CLONE_GONE);
	}
}

/* libxl tells its number only when it is whole. */
static uint32_t find_domid(const struct clone_guest *g)
{
	uint32_t domid = INVALID_DOMID;
	int nr = 0, i;
	libxl_dominfo *info = libxl_list_domain(g->host->ctx, &nr);

	for (i = 0; info && i < nr; i++)
		if (!libxl_uuid_compare(&info[i].uuid, &g->config.c_info.uuid))
			domid = info[i].domid;
	libxl_dominfo_list_free(info, nr);
	return domid;
}

/*
 * Without its domain, whoever makes it fails soon. No guest has the ID 0: nobody waits for
 * the end of this operation. Not libxl_ao_abort(): see docs/design.md.
 */
void clone_abort(struct clone_guest *g)
{
	const libxl_asyncop_how nobody = { .u.for_event = 0 };
	uint32_t domid;

	if (g->stage != STAGE_MAKING)
		return;
	g->aborted = true;
	snprintf(g->why, sizeof(g->why), "aborted");
	domid = find_domid(g);
	if (libxl_domid_valid_guest(domid))
		libxl_domain_destroy(g->host->ctx, domid, &nobody);
}

int clone_unpause(struct clone_guest *g)
{
	int rc = libxl_domain_unpause(g->host->ctx, g->domid, NULL);

	if (rc)
		clone_log(g->host, "%s: cannot unpause it: libxl: error %d", clone_name(g), rc);
	return rc ? -1 : 0;
}

int clone_rename(struct clone_guest *g, const char *name)
{
	char *copy = strdup(name);
	int rc = copy ? libxl_domain_rename(g->host->ctx, g->domid, NULL, name) : ERROR_NOMEM;

	if (rc) {
		clone_log(g->host, "%s: cannot be renamed to %s: libxl: error %d", clone_name(g),
			  name, rc);
		free(copy);
		return -1;
	}
	free(g->config.c_info.name);
	g->config.c_info.name = copy;
	return 0;
}

void clone_forget(struct clone_host *host)
{
	while (host->guests)
		free_guest(host->guests);
}
