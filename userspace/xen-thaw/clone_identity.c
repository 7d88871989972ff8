// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clone_identity.h"
#include "clone_state.h"
#include "clone_xen.h"
#include "message.h"

static int add_name(struct clone_taken *t, const char *name)
{
	void *names = realloc(t->names, (t->nr_names + 1) * sizeof(*t->names));

	if (!names)
		return -1;
	t->names = names;
	snprintf(t->names[t->nr_names++], CLONE_NAME_MAX, "%s", name);
	return 0;
}

static int add_mac(struct clone_taken *t, const uint8_t mac[6])
{
	void *macs = realloc(t->macs, (t->nr_macs + 1) * sizeof(*t->macs));

	if (!macs)
		return -1;
	t->macs = macs;
	memcpy(t->macs[t->nr_macs++], mac, sizeof(*t->macs));
	return 0;
}

void clone_taken_add(struct clone_taken *t, const char *name,
		     const uint8_t *macs, size_t nr_macs)
{
	size_t i;

	if (name && add_name(t, name))
		t->no_memory = true;
	for (i = 0; i < nr_macs; i++)
		if (add_mac(t, macs + 6 * i))
			t->no_memory = true;
}

static void take_domain(void *arg, const struct clone_domain *domain)
{
	clone_taken_add(arg, domain->name, NULL, 0);
}

static void take_mac(void *arg, const uint8_t mac[6])
{
	clone_taken_add(arg, NULL, mac, 1);
}

/* Clones that will be made, too. */
static void take_record(void *arg, struct clone_entry *entry)
{
	const struct clone_record *r = &entry->record;

	clone_taken_add(arg, r->name, r->macs[0], r->nr_macs);
}

int clone_taken_open(struct clone_taken *t, const struct clone_xen *xen,
		     struct clone_host *host, bool macs)
{
	memset(t, 0, sizeof(*t));
	t->lock = clone_state_lock();
	if (t->lock < 0)
		return -1;
	if (xen->list(host, take_domain, t) ||
	    (macs && xen->macs(host, take_mac, t)) ||
	    clone_state_walk(take_record, t)) {
		clone_taken_close(t);
		return -1;
	}
	if (!t->no_memory)
		return 0;
	message("no memory for the names of domains");
	clone_taken_close(t);
	return -1;
}

void clone_taken_close(struct clone_taken *t)
{
	free(t->names);
	free(t->macs);
	close(t->lock);
	memset(t, 0, sizeof(*t));
	t->lock = -1;
}

bool clone_taken_name(const struct clone_taken *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->nr_names; i++)
		if (!strcmp(t->names[i], name))
			return true;
	return false;
}

static bool mac_is_taken(const struct clone_taken *t, const uint8_t mac[6])
{
	size_t i;

	for (i = 0; i < t->nr_macs; i++)
		if (!memcmp(t->macs[i], mac, sizeof(*t->macs)))
			return true;
	return false;
}

static int choose_name(struct clone_identity *id, const struct clone_taken *t,
		       const char *pattern, unsigned int *number)
{
	const bool numbered = clone_name_has_number(pattern);

	do {
		if (clone_name_make(pattern, (*number)++, id->name))
			return -1;
		if (!clone_taken_name(t, id->name))
			return 0;
	} while (numbered);
	message("there is a domain or a clone named %s: use another --name", id->name);
	return -1;
}

static int choose_random(struct clone_identity *id, struct clone_taken *t,
			 const struct clone_config *c)
{
	unsigned int i;

	if (clone_uuid_random(id->uuid) || clone_random(id->genid, sizeof(id->genid)))
		return -1;
	for (i = 0; i < c->nr_nics; i++) {
		do {
			if (clone_mac_random(id->macs[i]))
				return -1;
		} while (mac_is_taken(t, id->macs[i]));
		clone_taken_add(t, NULL, id->macs[i], 1);
	}
	return 0;
}

int clone_identity_choose(struct clone_identity *id, struct clone_taken *t,
			  const struct clone_config *c, const char *pattern,
			  unsigned int *number)
{
	memset(id, 0, sizeof(*id));
	if (choose_name(id, t, pattern, number))
		return -1;
	if (choose_random(id, t, c)) {
		message("no random numbers: %s", strerror(errno));
		return -1;
	}
	clone_taken_add(t, id->name, NULL, 0);
	return t->no_memory ? -1 : 0;
}
