/* SPDX-License-Identifier: GPL-2.0 */
/* What makes a clone a guest of its own: its name, its UUID, its addresses. */
#ifndef XEN_THAW_CLONE_NAMES_H
#define XEN_THAW_CLONE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLONE_NAME_MAX	128	/* with the NUL */
#define CLONE_UUID_SIZE	37	/* as text, with the NUL */
#define CLONE_MAC_SIZE	18	/* as text, with the NUL */

/**
 * clone_name_check() - whether a pattern makes names that xl can take
 * @pattern: of names; at most one %d or %0Nd in it becomes a number, %% a percent sign
 *
 * xl takes a name of digits only for a number, and a slash does not go into the name of
 * a log file.
 *
 * Return: NULL, or what is wrong.
 */
const char *clone_name_check(const char *pattern);

/**
 * clone_name_has_number() - whether a pattern makes more than one name
 * @pattern: checked
 */
bool clone_name_has_number(const char *pattern);

/**
 * clone_name_make() - make a name
 * @pattern: checked
 * @number: for its %d
 * @name: out
 *
 * Return: 0, or -1 if it is too long.
 */
int clone_name_make(const char *pattern, unsigned int number,
		    char name[CLONE_NAME_MAX]);

/**
 * clone_uuid_random() - a new UUID
 * @uuid: out, as text
 *
 * Return: 0, or -1 with errno set.
 */
int clone_uuid_random(char uuid[CLONE_UUID_SIZE]);

/**
 * clone_mac_random() - a new address in Xen's range, 00:16:3e
 * @mac: out
 *
 * Return: 0, or -1 with errno set.
 */
int clone_mac_random(uint8_t mac[6]);

void clone_mac_print(const uint8_t mac[6], char text[CLONE_MAC_SIZE]);

/**
 * clone_random() - random bytes
 * @buf: out
 * @size: of @buf, up to 256
 *
 * Return: 0, or -1 with errno set.
 */
int clone_random(void *buf, size_t size);

#endif /* XEN_THAW_CLONE_NAMES_H */
