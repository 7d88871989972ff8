// SPDX-License-Identifier: GPL-2.0

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

#include <xen/xen.h>
#include <xen/io/xs_wire.h>

#include "hotplug.h"
#include "store.h"

static struct xs_handle *handle;

/* Return: NULL if xenstore cannot be reached. */
static struct xs_handle *store(void)
{
	if (!handle)
		handle = xs_open(0);
	return handle;
}

static struct xs_handle *need_store(void)
{
	if (!store())
		fatal("cannot connect to xenstore: %s", strerror(errno));
	return handle;
}

char *store_path(const char *fmt, ...)
{
	char *path;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&path, fmt, ap);
	va_end(ap);
	if (len < 0)
		fatal("out of memory");
	if (len > XENSTORE_ABS_PATH_MAX)
		fatal("path of %d bytes is too long for xenstore", len);
	return path;
}

char *store_device(const char *key)
{
	return store_path("%s/%s", getenv("XENBUS_PATH"), key);
}

char *store_read(char *path)
{
	char *value = xs_read(need_store(), XBT_NULL, path, NULL);

	if (!value && errno != ENOENT)
		fatal("cannot read %s in xenstore: %s", path, strerror(errno));
	free(path);
	return value;
}

char *store_need(const char *key)
{
	char *value = store_read(store_device(key));

	if (!value || !*value)
		fatal("%s/%s is missing in xenstore", getenv("XENBUS_PATH"),
		      key);
	return value;
}

char **store_list(char *path, unsigned int *n)
{
	char **names = xs_directory(need_store(), XBT_NULL, path, n);

	if (!names && errno != ENOENT)
		fatal("cannot list %s in xenstore: %s", path, strerror(errno));
	if (!names)
		*n = 0;
	free(path);
	return names;
}

/* What libxl writes first for a device, and removes with its directory. */
static bool device_exists(xs_transaction_t t)
{
	char *path = store_device("frontend-id");
	char *value = xs_read(handle, t, path, NULL);
	bool exists = value;

	free(path);
	free(value);
	return exists;
}

/* Return: false, with errno, if the transaction has to be ended in vain. */
static bool write_all(xs_transaction_t t, const struct store_entry *entries,
		      size_t n)
{
	size_t i;

	if (!device_exists(t))
		return false;
	for (i = 0; i < n; i++)
		if (!xs_write(handle, t, entries[i].path, entries[i].value,
			      strlen(entries[i].value)))
			return false;
	return true;
}

bool store_update(const struct store_entry *entries, size_t n)
{
	xs_transaction_t t;
	int error;

	if (!store())
		return false;
	/* EAGAIN: somebody else wrote there meanwhile. */
	do {
		t = xs_transaction_start(handle);
		if (t == XBT_NULL)
			return false;
		if (!write_all(t, entries, n)) {
			error = errno;
			xs_transaction_end(handle, t, true);
			errno = error;
			return false;
		}
		if (xs_transaction_end(handle, t, false))
			return true;
	} while (errno == EAGAIN);
	return false;
}

void store_remove(const char *key)
{
	char *path = store_device(key);

	xs_rm(need_store(), XBT_NULL, path);
	free(path);
}

void store_report(const char *status, const char *text)
{
	struct store_entry entries[2];

	if (!getenv("XENBUS_PATH"))
		return;
	entries[0].path = store_device("hotplug-error");
	entries[0].value = text;
	entries[1].path = store_device("hotplug-status");
	entries[1].value = status;
	if (!store_update(entries, 2))
		note("cannot write the error to xenstore: %s", strerror(errno));
}
