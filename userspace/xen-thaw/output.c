// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "output.h"

#define REPLACEMENT	"\xef\xbf\xbd"	/* U+FFFD in UTF-8 */

const char *output_size(struct size_text *s, uint64_t bytes)
{
	static const char * const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		snprintf(s->text, sizeof(s->text), "%" PRIu64 " bytes", bytes);
		return s->text;
	}
	for (; value >= 1024 && unit < 3; unit++)
		value /= 1024;
	snprintf(s->text, sizeof(s->text), "%.1f %s", value, units[unit]);
	return s->text;
}

void output_plain(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' :
								      *text);
}

/*
 * Return: bytes of the first character of a text, 0 if it is not UTF-8
 * (RFC 3629: no longer forms than needed, no surrogates, up to U+10FFFF).
 */
static size_t utf8_length(const unsigned char *c)
{
	size_t len, i;
	uint32_t code;

	if (c[0] < 0x80)
		return 1;
	if (c[0] < 0xc2 || c[0] > 0xf4)
		return 0;
	len = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
	code = c[0] & (0xff >> (len + 1));
	for (i = 1; i < len; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (c[i] & 0x3f);
	}
	if ((len == 3 && code < 0x800) || (len == 4 && code < 0x10000) ||
	    (code >= 0xd800 && code < 0xe000) || code > 0x10ffff)
		return 0;
	return len;
}

/* Return: the text as UTF-8, for free(); or NULL without memory. */
static char *to_utf8(const char *text)
{
	const unsigned char *from = (const unsigned char *)text;
	char *utf8 = malloc(strlen(text) * strlen(REPLACEMENT) + 1), *to = utf8;
	size_t len;

	if (!utf8)
		return NULL;
	for (; *from; from += len ? len : 1) {
		len = utf8_length(from);
		if (len)
			to = mempcpy(to, from, len);
		else
			to = mempcpy(to, REPLACEMENT, strlen(REPLACEMENT));
	}
	*to = '\0';
	return utf8;
}

void json_add_text(struct json_object *to, const char *key, const char *value)
{
	char *utf8 = value ? to_utf8(value) : NULL;

	if (utf8)
		json_object_object_add(to, key, json_object_new_string(utf8));
	free(utf8);
}

void json_add_number(struct json_object *to, const char *key, uint64_t value)
{
	json_object_object_add(to, key, json_object_new_uint64(value));
}

void json_add_bool(struct json_object *to, const char *key, bool value)
{
	json_object_object_add(to, key, json_object_new_boolean(value));
}

void json_print(struct json_object *top)
{
	puts(json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(top);
}
