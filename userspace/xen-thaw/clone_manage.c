// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "clone_disks.h"
#include "clone_manage.h"
#include "clone_state.h"
#include "clone_xen.h"
#include "command.h"
#include "host.h"
#include "message.h"
#include "output.h"
#include "plugin.h"

/* Its job removes what belongs to a clone that was destroyed: seconds. */
#define PATIENCE	60

/**
 * struct manage - what a command works on
 * @xen: the plugin
 * @host: of the plugin
 * @domains: of this host
 * @nr_domains: in @domains
 * @json: a list in the making
 * @pattern: of the clones to destroy
 * @found: clones that match it
 * @ended: of them, those whose job removes the rest
 * @nr_ended: in @ended
 * @left: of these, how many are still there
 * @failed: something could not be done
 */
struct manage {
	const struct clone_xen *xen;
	struct clone_host *host;
	struct clone_domain *domains;
	size_t nr_domains;
	struct json_object *json;
	const char *pattern;
	unsigned int found;
	char (*ended)[CLONE_UUID_SIZE];
	size_t nr_ended;
	unsigned int left;
	bool failed;
};

static void log_line(const char *line)
{
	message("%s", line);
}

/* No guest of this process has news. */
static void no_news(void *arg, enum clone_news news, uint32_t domid, const char *why)
{
	(void)arg;
	(void)news;
	(void)domid;
	(void)why;
}

static void add_domain(void *arg, const struct clone_domain *domain)
{
	struct manage *m = arg;
	void *domains = realloc(m->domains, (m->nr_domains + 1) * sizeof(*m->domains));

	if (!domains) {
		m->failed = true;
		return;
	}
	m->domains = domains;
	m->domains[m->nr_domains] = *domain;
	m->domains[m->nr_domains++].name = domain->name ? strdup(domain->name) : NULL;
}

static void close_manage(struct manage *m)
{
	size_t i;

	for (i = 0; i < m->nr_domains; i++)
		free(m->domains[i].name);
	free(m->domains);
	free(m->ended);
	if (m->host)
		m->xen->close(m->host);
}

/* Return: 0, or -1 after a message; close_manage() is due in both cases. */
static int open_manage(struct manage *m, const char *doing)
{
	static const struct clone_user user = { .log = log_line, .news = no_news };

	if (host_check(doing))
		return -1;
	m->xen = plugin_load("xen-thaw-clone.so", "clone_xen");
	if (!m->xen)
		return -1;
	m->host = m->xen->open(&user);
	if (!m->host || m->xen->list(m->host, add_domain, m))
		return -1;
	if (m->failed)
		message("no memory for the domains");
	return m->failed ? -1 : 0;
}

static const struct clone_domain *find_domain(const struct manage *m, const char *uuid)
{
	size_t i;

	for (i = 0; i < m->nr_domains; i++)
		if (!strcmp(m->domains[i].uuid, uuid))
			return &m->domains[i];
	return NULL;
}

static const char *state_of(const struct clone_entry *e, const struct clone_domain *d)
{
	if (!e->record.whole)
		return e->alive ? "making" : "half-made";
	if (!d)
		return e->alive ? "restarting" : "gone";
	if (d->dying)
		return "dying";
	if (e->record.pooled)
		return "ahead";
	return d->paused ? "paused" : "running";
}

static void list_one(void *arg, struct clone_entry *e)
{
	struct manage *m = arg;
	const struct clone_domain *d = find_domain(m, e->record.uuid);
	struct json_object *o = json_object_new_object();
	struct json_object *macs = json_object_new_array();
	struct json_object *overlays = json_object_new_array();
	char mac[CLONE_MAC_SIZE];
	unsigned int i;

	for (i = 0; i < e->record.nr_macs; i++) {
		clone_mac_print(e->record.macs[i], mac);
		json_object_array_add(macs, json_object_new_string(mac));
	}
	for (i = 0; i < e->record.nr_overlays; i++) {
		/* Behind the name of a device that there may be. */
		const char *path = strchr(e->record.overlays[i], ':');

		if (path)
			json_object_array_add(overlays, json_object_new_string(path + 1));
	}
	json_add_text(o, "name", d && d->name ? d->name : e->record.name);
	if (d) {
		json_add_number(o, "domid", d->domid);
		json_add_number(o, "mib", d->kib / 1024);
	}
	json_add_text(o, "uuid", e->record.uuid);
	json_add_text(o, "state", state_of(e, d));
	json_object_object_add(o, "macs", macs);
	json_object_object_add(o, "overlays", overlays);
	if (e->alive)
		json_add_number(o, "monitor", (uint64_t)e->pid);
	json_object_array_add(m->json, o);
}

static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) : "-";
}

static void print_list(struct json_object *list)
{
	size_t i;

	printf("%-24s %6s %6s %-10s %8s %s\n", "Name", "Domain", "MiB", "State", "Monitor", "UUID");
	for (i = 0; i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);

		printf("%-24s %6s %6s %-10s %8s %s\n", text_of(o, "name"), text_of(o, "domid"),
		       text_of(o, "mib"), text_of(o, "state"), text_of(o, "monitor"),
		       text_of(o, "uuid"));
	}
}

int clones_list(bool json)
{
	struct manage m = { 0 };
	int ret = EXIT_FAILED;

	m.json = json_object_new_array();
	if (!open_manage(&m, "listing clones") && !clone_state_walk(list_one, &m)) {
		if (json)
			puts(json_object_to_json_string_ext(m.json, JSON_C_TO_STRING_PRETTY));
		else
			print_list(m.json);
		ret = EXIT_OK;
	}
	json_object_put(m.json);
	close_manage(&m);
	return ret;
}

/* Of a dead job. Return: 0 if nothing of the clone is left. */
static int remove_rest(struct manage *m, struct clone_entry *e)
{
	const struct clone_domain *d = find_domain(m, e->record.uuid);

	if (d && m->xen->destroy(m->host, d->domid))
		return -1;
	if (clone_disks_remove(&e->record))
		return -1;
	clone_record_remove(e->job, e->record.uuid);
	return 0;
}

static void clean_one(void *arg, struct clone_entry *e)
{
	struct manage *m = arg;

	if (e->alive || (e->record.whole && !e->record.pooled && find_domain(m, e->record.uuid)))
		return;
	if (remove_rest(m, e))
		m->failed = true;
	else
		message("removed what was left of %s", e->record.name);
}

int clones_clean(void)
{
	struct manage m = { 0 };
	int lock, ret = EXIT_FAILED;

	if (!open_manage(&m, "removing clones")) {
		lock = clone_state_lock();
		if (lock >= 0 && !clone_state_walk(clean_one, &m)) {
			clone_state_sweep();
			ret = m.failed ? EXIT_FAILED : EXIT_OK;
		}
		if (lock >= 0)
			close(lock);
	}
	close_manage(&m);
	return ret;
}

/* A job that is alive sees the end of the domain, and removes the rest. */
static void end_clone(struct manage *m, const char *uuid, uint32_t domid)
{
	void *ended = realloc(m->ended, (m->nr_ended + 1) * sizeof(*m->ended));

	if (!ended || m->xen->destroy(m->host, domid))
		m->failed = true;
	if (!ended)
		return;
	m->ended = ended;
	strcpy(m->ended[m->nr_ended++], uuid);
}

static void destroy_one(void *arg, struct clone_entry *e)
{
	struct manage *m = arg;
	const struct clone_domain *d = find_domain(m, e->record.uuid);

	if (fnmatch(m->pattern, d && d->name ? d->name : e->record.name, 0))
		return;
	m->found++;
	if (!e->alive)
		m->failed |= remove_rest(m, e) != 0;
	else if (d)
		end_clone(m, e->record.uuid, d->domid);
}

static void count_one(void *arg, struct clone_entry *e)
{
	struct manage *m = arg;
	size_t i;

	for (i = 0; i < m->nr_ended; i++)
		m->left += e->alive && !strcmp(m->ended[i], e->record.uuid);
}

static void wait_gone(struct manage *m)
{
	const struct timespec moment = { .tv_nsec = 20000000 };
	const time_t until = time(NULL) + PATIENCE;

	do {
		m->left = 0;
		if (clone_state_walk(count_one, m))
			m->failed = true;
		if (!m->left || m->failed)
			return;
		nanosleep(&moment, NULL);
	} while (time(NULL) < until);
	message("%u clones are not gone yet: see xen-thaw clones", m->left);
	m->failed = true;
}

static void sweep(struct manage *m)
{
	int lock = clone_state_lock();

	if (lock < 0) {
		m->failed = true;
		return;
	}
	clone_state_sweep();
	close(lock);
}

int clones_destroy(const char *pattern)
{
	struct manage m = { .pattern = pattern };
	int ret = EXIT_FAILED;

	if (!open_manage(&m, "destroying clones") && !clone_state_walk(destroy_one, &m)) {
		if (!m.found) {
			message("no clone's name matches %s", pattern);
		} else {
			wait_gone(&m);
			sweep(&m);
			ret = m.failed ? EXIT_FAILED : EXIT_OK;
		}
	}
	close_manage(&m);
	return ret;
}
