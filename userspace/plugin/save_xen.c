// SPDX-License-Identifier: GPL-2.0
/* A shared object that xen-thaw save --live loads. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <libxl.h>
#include <libxl_event.h>
#include <libxl_utils.h>
#include <xentoollog.h>

#include "clock.h"
#include "save_xen.h"
#include "xl_error.h"

/* How long a guest may take to suspend whose helper died when libxl had asked for it. */
#define LATE_SUSPEND_S	5
#define LOOK_EVERY_NS	50000000

/* The guest that is open. */
static struct save_guest *guest;

/* The helper of the save under way, and whether it is to end. */
static volatile sig_atomic_t stopped;
static volatile int helper_fd = -1;

__attribute__((format(printf, 2, 3)))
static int fail(struct save_guest *g, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(g->error, sizeof(g->error), fmt, ap);
	va_end(ap);
	return -1;
}

/* The first error is the cause; later ones say who noticed. */
__attribute__((format(printf, 5, 0)))
static void log_libxl(struct xentoollog_logger *logger, xentoollog_level level,
		      int errnoval, const char *context, const char *format, va_list ap)
{
	char text[400], line[512];

	(void)logger;
	if (level < XTL_ERROR)
		return;
	xl_error_text(text, sizeof(text), errnoval, format, ap);
	/* Of xc_domain_save(): behind its own cleaning up. */
	if (strstr(text, "Save failed"))
		guest->gave_up = true;
	if (!guest->first[0])
		snprintf(guest->first, sizeof(guest->first), "%.190s", text);
	snprintf(line, sizeof(line), "%s: %s", context ? context : "libxl", text);
	/* Whoever stops a save knows why it fails. */
	if (!stopped)
		guest->log(line);
}

/* Xen's helper says when the guest is suspended (suspend_domain(), xg_sr_save.c). */
static void progress(struct xentoollog_logger *logger, const char *context,
		     const char *doing_what, int percent, unsigned long done,
		     unsigned long total)
{
	(void)logger;
	(void)context;
	(void)percent;
	(void)done;
	(void)total;
	if (!strcmp(doing_what, "Domain now suspended"))
		guest->suspended_at = clock_now();
}

/* Xen's libraries do not destroy a logger that they are given. */
static xentoollog_logger logger = { .vmessage = log_libxl, .progress = progress };

static void stop(void)
{
	stopped = 1;
	if (helper_fd >= 0)
		syscall(SYS_pidfd_send_signal, helper_fd, SIGTERM, NULL, 0);
}

/*
 * In place of libxl's fork(). The helper must not get what a terminal sends to all
 * processes: it is asked to stop by SIGTERM, and then cleans up.
 */
static pid_t fork_helper(void *user)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU };
	pid_t pid = fork();
	size_t i;

	(void)user;
	for (i = 0; !pid && i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	if (pid > 0 && helper_fd < 0)
		helper_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pid > 0 && stopped)
		stop();
	return pid;
}

static const libxl_childproc_hooks hooks = {
	.chldowner = libxl_sigchld_owner_libxl,
	.fork_replacement = fork_helper,
};

static int get_info(struct save_guest *g, libxl_dominfo *info)
{
	libxl_dominfo_init(info);
	if (libxl_domain_info(g->ctx, info, g->domid))
		return fail(g, "no such domain");
	return 0;
}

static bool is_suspended(const libxl_dominfo *info)
{
	return info->shutdown && info->shutdown_reason == LIBXL_SHUTDOWN_REASON_SUSPEND;
}

static int check_guest(struct save_guest *g)
{
	libxl_dominfo info;
	int ret = 0;

	if (get_info(g, &info))
		return -1;
	if (!g->domid)
		ret = fail(g, "domain 0 cannot be saved");
	else if (info.dying)
		ret = fail(g, "the domain is dying");
	else if (is_suspended(&info))
		ret = fail(g, "it is suspended already: is it being saved or migrated?");
	else if (info.shutdown)
		ret = fail(g, "it has shut down");
	libxl_dominfo_dispose(&info);
	return ret;
}

static void close_guest(struct save_guest *g)
{
	libxl_ctx_free(g->ctx);
	g->ctx = NULL;
}

static int open_guest(struct save_guest *g, const char *name)
{
	libxl_ctx *ctx = NULL;

	guest = g;
	if (libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0, &logger)) {
		libxl_ctx_free(ctx);
		return fail(g, "cannot open libxl: is xenstored running? Was xen-thaw built for another version of Xen? Then rebuild and reinstall it");
	}
	g->ctx = ctx;
	if (libxl_domain_qualifier_to_domid(ctx, name, &g->domid))
		fail(g, "no such domain");
	else if (!check_guest(g))
		return 0;
	close_guest(g);
	return -1;
}

static char *config(struct save_guest *g, bool keep_domid)
{
	libxl_domain_config d;
	char *json = NULL;

	libxl_domain_config_init(&d);
	if (libxl_retrieve_domain_configuration(g->ctx, g->domid, &d, NULL)) {
		fail(g, "libxl does not know its configuration: name a file with one behind the new file");
	} else {
		/* As in save_domain_core_begin() of xl. */
		d.c_info.domid = keep_domid ? g->domid : 0;
		json = libxl_domain_config_to_json(g->ctx, &d);
		if (!json)
			fail(g, "no memory for its configuration");
	}
	libxl_domain_config_dispose(&d);
	return json;
}

static int explain(struct save_guest *g, int rc)
{
	if (strstr(g->first, "logdirty"))
		return fail(g, "cannot be saved while it runs: Xen does not log what it writes (%s): a PV guest needs a Xen with shadow paging, and no guest may have a device of its own: save it without --live",
			    g->first);
	if (rc == ERROR_GUEST_TIMEDOUT)
		return fail(g, "it did not suspend when it was asked to: is it paused, does it hang, or is its kernel without Xen's suspend? Its console may tell; xl save would fail, too");
	return fail(g, "it was not saved: %s", g->first[0] ? g->first : "libxl does not say why");
}

static int save(struct save_guest *g, int fd)
{
	int rc, pidfd;

	g->first[0] = '\0';
	g->gave_up = false;
	g->suspended_at = 0;
	libxl_childproc_setmode(g->ctx, &hooks, NULL);
	rc = libxl_domain_suspend(g->ctx, g->domid, fd, LIBXL_SUSPEND_LIVE, NULL);
	libxl_childproc_setmode(g->ctx, NULL, NULL);
	/* A signal may come at any time. */
	pidfd = helper_fd;
	helper_fd = -1;
	if (pidfd >= 0)
		close(pidfd);
	return rc ? explain(g, rc) : 0;
}

/* Return: whether it is suspended, or is so soon; or -1. */
static int wait_suspended(struct save_guest *g)
{
	const struct timespec a_bit = { .tv_nsec = LOOK_EVERY_NS };
	/* A helper that cleaned up came back from the suspend callback, if it was there. */
	double end = clock_now() + (g->suspended_at > 0 || g->gave_up ? 0 : LATE_SUSPEND_S);
	libxl_dominfo info;
	bool suspended;

	for (;;) {
		if (get_info(g, &info))
			return -1;
		suspended = is_suspended(&info);
		libxl_dominfo_dispose(&info);
		if (suspended || clock_now() >= end)
			return suspended;
		nanosleep(&a_bit, NULL);
	}
}

static int resume(struct save_guest *g, bool pause)
{
	int suspended = wait_suspended(g);

	if (suspended <= 0)
		return suspended;
	g->first[0] = '\0';
	/* First, as in xl: or it would run in between. */
	if (pause && libxl_domain_pause(g->ctx, g->domid, NULL))
		return fail(g, "cannot pause it: %s", g->first);
	if (libxl_domain_resume(g->ctx, g->domid, 1, NULL))
		return fail(g, "it is suspended, and cannot be resumed: %s", g->first);
	return 0;
}

static int destroy(struct save_guest *g)
{
	g->first[0] = '\0';
	if (libxl_domain_destroy(g->ctx, g->domid, NULL))
		return fail(g, "it is saved, but cannot be destroyed: %s: xl destroy %u",
			    g->first, g->domid);
	return 0;
}

__attribute__((visibility("default")))
const struct save_xen save_xen = {
	.open = open_guest,
	.close = close_guest,
	.config = config,
	.save = save,
	.stop = stop,
	.resume = resume,
	.destroy = destroy,
};
