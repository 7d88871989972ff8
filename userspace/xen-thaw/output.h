/* SPDX-License-Identifier: GPL-2.0 */
/* What commands print: text for a terminal, and JSON. */
#ifndef XEN_THAW_OUTPUT_H
#define XEN_THAW_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

struct json_object;

/* Room for a size as text. */
struct size_text {
	char text[32];
};

/**
 * output_size() - a size for people: "1.5 GiB"
 * @s: filled in
 * @bytes: the size
 *
 * Return: @s->text.
 */
const char *output_size(struct size_text *s, uint64_t bytes);

/**
 * output_plain() - print text that may come from a file
 * @text: control characters become '?', so that nothing steers a terminal
 */
void output_plain(const char *text);

/**
 * json_add_text() - add a string to an object
 * @to: the object
 * @key: of the member
 * @value: bytes that are not UTF-8 become U+FFFD; NULL adds nothing
 */
void json_add_text(struct json_object *to, const char *key, const char *value);

/**
 * json_add_number() - add a number to an object
 * @to: the object
 * @key: of the member
 * @value: the number
 */
void json_add_number(struct json_object *to, const char *key, uint64_t value);

/**
 * json_add_bool() - add true or false to an object
 * @to: the object
 * @key: of the member
 * @value: which
 */
void json_add_bool(struct json_object *to, const char *key, bool value);

/**
 * json_print() - print an object, and free it
 * @top: the object
 */
void json_print(struct json_object *top);

#endif /* XEN_THAW_OUTPUT_H */
