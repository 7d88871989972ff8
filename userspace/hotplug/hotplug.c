// SPDX-License-Identifier: GPL-2.0
/*
 * xen-thaw-hotplug: stands in for Xen's scripts "block" and "vif-bridge", by
 * the name that it is called with. It starts no other program; a call that it
 * does not know goes to the stock script by exec.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "env.h"
#include "file.h"
#include "hotplug.h"
#include "lock.h"
#include "message.h"
#include "store.h"

/* A name that needs no dpkg-divert: block-thaw hands over to block. */
#define SUFFIX	"-thaw"

/* Room for a path of PATH_MAX and what is wrong with it. */
#define MAX_TEXT	5120

/* Far more than backend/vbd/DOMID/DEVID. */
#define MAX_XENBUS_PATH	256

static const char usage[] =
	"usage: block add|remove\n"
	"       vif-bridge online|offline|add|remove [type_if=vif|tap]\n"
	"\n"
	"libxl calls this program in place of Xen's scripts of these names. It\n"
	"knows by its name which one it is. See xen-thaw-hotplug(8).\n";

static void report(int priority, const char *text)
{
	syslog(LOG_DAEMON | priority, "%s", text);
	if (priority != LOG_DEBUG || env_debug())
		message("%s", text);
}

void note(const char *fmt, ...)
{
	char text[MAX_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	report(LOG_DEBUG, text);
}

static void __attribute__((noreturn, format(printf, 2, 0)))
fail(const char *status, const char *fmt, va_list ap)
{
	char text[MAX_TEXT];

	vsnprintf(text, sizeof(text), fmt, ap);
	report(LOG_ERR, text);
	store_report(status, text);
	lock_release();
	exit(1);
}

void fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail("error", fmt, ap);
}

void busy(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail("busy", fmt, ap);
}

/* If we ran ourselves as the stock script, that would never end. */
static bool is_script(const char *path)
{
	return !access(path, X_OK) && !file_is_this_program(path);
}

char *beside_script(const struct hotplug *call, const char *name,
		    const char *suffix)
{
	const char *script = call->argv[0];
	const char *slash = strrchr(script, '/');
	int dir = slash ? (int)(slash - script) + 1 : 0;
	char *path;

	if (asprintf(&path, "%.*s%s%s", dir, script, name, suffix) < 0)
		fatal("out of memory");
	return path;
}

/* Return: the path of the stock script, or NULL. */
static char *find_stock(const struct hotplug *call)
{
	static const char * const suffixes[] = { ".stock", "" };
	size_t i;

	for (i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		char *path = beside_script(call, call->name, suffixes[i]);

		if (is_script(path))
			return path;
		free(path);
	}
	return NULL;
}

void hand_over(const struct hotplug *call, const char *fmt, ...)
{
	char why[MAX_TEXT];
	va_list ap;
	char *path;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	note("handed to the stock script: %s", why);
	path = find_stock(call);
	if (!path)
		fatal("%s: and Xen's own script is not beside %s, as %s.stock",
		      why, call->argv[0], call->name);
	lock_release();
	/* It finds its other files by its own name. */
	call->argv[0] = path;
	execv(path, call->argv);
	fatal("cannot run %s: %s", path, strerror(errno));
}

/* Return: the script that we stand in for, or NULL if it is none of ours. */
static const char *script_name(const char *path)
{
	static const char * const names[] = { "block", "vif-bridge" };
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t i, len;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		len = strlen(names[i]);
		if (!strncmp(base, names[i], len) &&
		    (!base[len] || !strcmp(base + len, SUFFIX)))
			return names[i];
	}
	return NULL;
}

static const char *first_command(char **argv)
{
	for (argv++; *argv; argv++)
		if (!strchr(*argv, '='))
			return *argv;
	return "";
}

/* Return: whether the administrator wants the stock script. */
static bool stock_wanted(void)
{
	const char *value = env_hotplug();

	if (!value || !*value || !strcmp(value, "native"))
		return false;
	if (strcmp(value, "stock"))
		fatal(ENV_HOTPLUG "=%s: neither \"native\" nor \"stock\"",
		      value);
	return true;
}

int main(int argc, char **argv)
{
	struct hotplug call = {
		.argv = argv,
		.name = script_name(argc ? argv[0] : ""),
	};
	const char *path = getenv("XENBUS_PATH");

	if (!call.name) {
		bool help = argc > 1 && !strcmp(argv[1], "--help");

		fputs(usage, help ? stdout : stderr);
		return help ? 0 : 2;
	}
	if (path && strlen(path) > MAX_XENBUS_PATH) {
		message("XENBUS_PATH has %zu bytes, more than %d", strlen(path),
			MAX_XENBUS_PATH);
		return 1;
	}
	openlog(argv[0], LOG_PID, LOG_DAEMON);
	call.command = first_command(argv);
	if (stock_wanted())
		hand_over(&call, ENV_HOTPLUG "=stock");
	if (!strcmp(call.name, "block"))
		block_script(&call);
	else
		vif_script(&call);
	return 0;
}
