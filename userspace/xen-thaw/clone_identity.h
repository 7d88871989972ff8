/* SPDX-License-Identifier: GPL-2.0 */
/* Names and addresses of clones that nobody else on this host has. */
#ifndef XEN_THAW_CLONE_IDENTITY_H
#define XEN_THAW_CLONE_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "clone_config.h"

struct clone_host;
struct clone_xen;

/**
 * struct clone_taken - what other guests have
 * @lock: no other job chooses while it is held
 * @names: of domains, and of clones that other jobs will make
 * @nr_names: in @names
 * @macs: of their interfaces
 * @nr_macs: in @macs
 * @no_memory: the lists are not complete
 */
struct clone_taken {
	int lock;
	char (*names)[CLONE_NAME_MAX];
	size_t nr_names;
	uint8_t (*macs)[6];
	size_t nr_macs;
	bool no_memory;
};

/**
 * clone_taken_open() - find out what is taken; until clone_taken_close(), nobody else chooses
 * @t: filled in
 * @xen: for domains
 * @host: for domains
 * @macs: addresses, too
 *
 * Return: 0, or -1 after a message.
 */
int clone_taken_open(struct clone_taken *t, const struct clone_xen *xen,
		     struct clone_host *host, bool macs);
void clone_taken_close(struct clone_taken *t);

/**
 * clone_taken_name() - whether somebody has a name
 */
bool clone_taken_name(const struct clone_taken *t, const char *name);

/**
 * clone_taken_add() - a name and addresses are taken
 * @t: of others
 * @name: NULL: none
 * @macs: addresses, 6 bytes each
 * @nr_macs: in @macs
 */
void clone_taken_add(struct clone_taken *t, const char *name,
		     const uint8_t *macs, size_t nr_macs);

/**
 * clone_identity_choose() - choose what a clone has for itself
 * @id: filled in, but for paths of disks
 * @t: what is taken; the choice is added
 * @c: how many interfaces it has
 * @pattern: of its name
 * @number: where to begin to look for a free number; set to the next one
 *
 * Return: 0, or -1 after a message.
 */
int clone_identity_choose(struct clone_identity *id, struct clone_taken *t,
			  const struct clone_config *c, const char *pattern,
			  unsigned int *number);

#endif /* XEN_THAW_CLONE_IDENTITY_H */
