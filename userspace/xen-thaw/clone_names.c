// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "clone_names.h"

#define BAD_PERCENT \
	"after a percent sign comes d, as in disp-%d, or 0, a digit and d, as in disp-%03d"

/* Digits of %0Nd, at most. */
#define WIDTH_MAX	9

/**
 * struct number - a %d in a pattern
 * @width: digits at least; 0: as many as it takes
 * @end: behind it
 */
struct number {
	unsigned int width;
	const char *end;
};

/* At a percent sign. Return: whether a number is there. */
static bool parse_number(const char *at, struct number *n)
{
	n->width = 0;
	if (at[1] == 'd') {
		n->end = at + 2;
		return true;
	}
	if (at[1] != '0' || at[2] < '1' || at[2] > '0' + WIDTH_MAX || at[3] != 'd')
		return false;
	n->width = (unsigned int)(at[2] - '0');
	n->end = at + 4;
	return true;
}

const char *clone_name_check(const char *pattern)
{
	char name[CLONE_NAME_MAX];
	bool letter = false;
	const char *c = pattern;
	int numbers = 0;
	struct number n;

	while (*c) {
		if (iscntrl((unsigned char)*c) || isspace((unsigned char)*c) || *c == '/')
			return "a name has no slash, blank or control character";
		if (*c != '%') {
			letter |= !isdigit((unsigned char)*c);
			c++;
		} else if (c[1] == '%') {
			letter = true;
			c += 2;
		} else if (parse_number(c, &n)) {
			numbers++;
			c = n.end;
		} else {
			return BAD_PERCENT;
		}
	}
	if (numbers > 1)
		return "it has room for one number only";
	if (!letter)
		return "xl takes a name that has only digits for the number of a domain";
	return clone_name_make(pattern, UINT32_MAX, name) ? "it is too long" : NULL;
}

bool clone_name_has_number(const char *pattern)
{
	struct number n;
	const char *c;

	for (c = pattern; *c; c++) {
		if (*c != '%')
			continue;
		if (parse_number(c, &n))
			return true;
		c++;
	}
	return false;
}

int clone_name_make(const char *pattern, unsigned int number,
		    char name[CLONE_NAME_MAX])
{
	const char *c = pattern;
	size_t len = 0;
	struct number n;

	while (*c) {
		int used = 1;

		if (len >= CLONE_NAME_MAX - 1)
			return -1;
		if (*c == '%' && parse_number(c, &n)) {
			used = snprintf(name + len, CLONE_NAME_MAX - len, "%0*u",
					(int)n.width, number);
			c = n.end;
		} else {
			c += *c == '%';
			name[len] = *c++;
		}
		len += (size_t)used;
	}
	if (len >= CLONE_NAME_MAX)
		return -1;
	name[len] = '\0';
	return 0;
}

int clone_random(void *buf, size_t size)
{
	ssize_t n;

	/* Up to 256 bytes come at once. */
	do
		n = getrandom(buf, size, 0);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)size ? 0 : -1;
}

int clone_uuid_random(char uuid[CLONE_UUID_SIZE])
{
	uint8_t b[16];

	if (clone_random(b, sizeof(b)))
		return -1;
	/* RFC 4122: version 4, variant 1. */
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(uuid, CLONE_UUID_SIZE,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
		 b[11], b[12], b[13], b[14], b[15]);
	return 0;
}

int clone_mac_random(uint8_t mac[6])
{
	mac[0] = 0x00;
	mac[1] = 0x16;
	mac[2] = 0x3e;
	if (clone_random(mac + 3, 3))
		return -1;
	/* As libxl: these are for addresses that are assigned by hand. */
	mac[3] &= 0x7f;
	return 0;
}

void clone_mac_print(const uint8_t mac[6], char text[CLONE_MAC_SIZE])
{
	snprintf(text, CLONE_MAC_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
		 mac[2], mac[3], mac[4], mac[5]);
}
