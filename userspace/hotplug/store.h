/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XEN_THAW_STORE_H
#define XEN_THAW_STORE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct store_entry - a key and its new value
 * @path: an absolute path, or one relative to /local/domain/<dom0>
 * @value: the value
 */
struct store_entry {
	const char *path;
	const char *value;
};

/**
 * store_path() - build a path
 * @fmt: as printf
 *
 * Return: the path, to be freed. Ends the program if it is too long for
 * xenstore.
 */
char *store_path(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * store_device() - build the path of a key of the device
 * @key: the key, for example "params"
 *
 * Return: $XENBUS_PATH/@key, to be freed.
 */
char *store_device(const char *key);

/**
 * store_read() - read a value
 * @path: will be freed
 *
 * Return: the value, to be freed, or NULL if there is none. Ends the program
 * if xenstore cannot be read.
 */
char *store_read(char *path);

/**
 * store_need() - read a key of the device that must be there
 * @key: the key
 *
 * Return: the value, to be freed. Ends the program if it is missing or empty,
 * as the scripts do.
 */
char *store_need(const char *key);

/**
 * store_list() - list a directory
 * @path: will be freed
 * @n: out: number of names
 *
 * Return: the names, to be freed as one; NULL if there is no directory.
 */
char **store_list(char *path, unsigned int *n);

/**
 * store_update() - write all entries, or none
 * @entries: what to write
 * @n: number of entries
 *
 * Nothing is written once the device has gone from xenstore: that would leave a
 * directory that nobody removes.
 *
 * Return: true if they were written; errno is ENOENT if the device has gone.
 */
bool store_update(const struct store_entry *entries, size_t n);

/**
 * store_remove() - remove a key of the device, if it is there
 * @key: the key
 */
void store_remove(const char *key);

/**
 * store_report() - tell libxl of an error, as well as possible
 * @status: for hotplug-status
 * @text: for hotplug-error
 */
void store_report(const char *status, const char *text);

#endif /* XEN_THAW_STORE_H */
