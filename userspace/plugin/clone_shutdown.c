// SPDX-License-Identifier: GPL-2.0
/*
 * A guest shuts down: what its configuration says is done, as xl does it in
 * handle_domain_death() and preserve_domain() (tools/xl/xl_vmcontrol.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "clone_host.h"

#define CORE_DIR	"/var/lib/xen/dump"	/* XEN_DUMP_DIR */

static libxl_action_on_shutdown action_of(const struct clone_guest *g, int reason)
{
	switch (reason) {
	case LIBXL_SHUTDOWN_REASON_POWEROFF:
		return g->config.on_poweroff;
	case LIBXL_SHUTDOWN_REASON_REBOOT:
		return g->config.on_reboot;
	case LIBXL_SHUTDOWN_REASON_CRASH:
		return g->config.on_crash;
	case LIBXL_SHUTDOWN_REASON_WATCHDOG:
		return g->config.on_watchdog;
	case LIBXL_SHUTDOWN_REASON_SOFT_RESET:
		return g->config.on_soft_reset;
	default:
		clone_log(g->host, "%s: unknown reason %d of a shutdown: it is destroyed",
			  clone_name(g), reason);
		return LIBXL_ACTION_ON_SHUTDOWN_DESTROY;
	}
}

static void dump_core(struct clone_guest *g)
{
	char path[512];
	int rc;

	snprintf(path, sizeof(path), CORE_DIR "/%s", clone_name(g));
	rc = libxl_domain_core_dump(g->host->ctx, g->domid, path, NULL);
	clone_log(g->host, "%s: %s %s", clone_name(g),
		  rc ? "cannot dump its core to" : "its core is in", path);
}

/* Devices may have come or gone since it was made. */
static void reload_config(struct clone_guest *g)
{
	libxl_domain_config config;
	uint8_t *text = NULL;
	int len = 0;

	if (!libxl_userdata_retrieve(g->host->ctx, g->domid, "xl", &text, &len) && len)
		clone_log(g->host, "%s: what xl config-update stored is not used", clone_name(g));
	free(text);
	libxl_domain_config_init(&config);
	if (libxl_retrieve_domain_configuration(g->host->ctx, g->domid, &config, NULL)) {
		clone_log(g->host, "%s: libxl does not tell its configuration: it restarts as it was",
			  clone_name(g));
		libxl_domain_config_dispose(&config);
		return;
	}
	libxl_domain_config_dispose(&g->config);
	g->config = config;
}

static void end_domain(struct clone_guest *g, bool restart)
{
	if (restart)
		reload_config(g);
	g->restart = restart;
	g->again = true;
	clone_destroy(g, STAGE_ENDING);
}

/* The old domain stays under another name, and is nobody's any more. */
static void preserve(struct clone_guest *g)
{
	char suffix[24];
	libxl_uuid uuid;
	time_t t = time(NULL);
	struct tm tm;

	reload_config(g);
	clone_unwatch(g);
	libxl_uuid_generate(&uuid);
	if (!gmtime_r(&t, &tm) ||
	    !strftime(suffix, sizeof(suffix), "-%Y%m%dT%H%MZ", &tm) ||
	    libxl_domain_preserve(g->host->ctx, g->domid, &g->config.c_info, suffix, uuid)) {
		clone_log(g->host, "%s: cannot give it another name: it stays as it is",
			  clone_name(g));
		clone_end(g, CLONE_LEFT);
		return;
	}
	clone_tell(g, CLONE_PRESERVED);
	g->again = true;
	g->stage = STAGE_PAUSE;
	g->domid = INVALID_DOMID;
	g->due = clone_seconds() + CLONE_RESTART_SECONDS;
}

static void soft_reset(struct clone_guest *g)
{
	const libxl_asyncop_how how = clone_how(g);

	reload_config(g);
	clone_unwatch(g);
	g->again = true;
	g->stage = STAGE_MAKING;
	if (!libxl_domain_soft_reset(g->host->ctx, &g->config, g->domid, &how, NULL))
		return;
	clone_log(g->host, "%s: libxl cannot reset it", clone_name(g));
	clone_end(g, CLONE_LEFT);
}

void clone_shut_down(struct clone_guest *g, int reason)
{
	libxl_action_on_shutdown action;

	if (reason == LIBXL_SHUTDOWN_REASON_SUSPEND)
		return;
	action = action_of(g, reason);
	clone_log(g->host, "%s: domain %u has shut down, reason %d: %s", clone_name(g),
		  g->domid, reason, libxl_action_on_shutdown_to_string(action));
	switch (action) {
	case LIBXL_ACTION_ON_SHUTDOWN_COREDUMP_DESTROY:
	case LIBXL_ACTION_ON_SHUTDOWN_COREDUMP_RESTART:
		dump_core(g);
		end_domain(g, action == LIBXL_ACTION_ON_SHUTDOWN_COREDUMP_RESTART);
		break;
	case LIBXL_ACTION_ON_SHUTDOWN_DESTROY:
	case LIBXL_ACTION_ON_SHUTDOWN_RESTART:
		end_domain(g, action == LIBXL_ACTION_ON_SHUTDOWN_RESTART);
		break;
	case LIBXL_ACTION_ON_SHUTDOWN_RESTART_RENAME:
		preserve(g);
		break;
	case LIBXL_ACTION_ON_SHUTDOWN_SOFT_RESET:
		soft_reset(g);
		break;
	case LIBXL_ACTION_ON_SHUTDOWN_PRESERVE:
	default:
		/* Whoever destroys it makes an event. */
		break;
	}
}
