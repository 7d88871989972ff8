// SPDX-License-Identifier: GPL-2.0
/* A shared object that xen-thaw clone loads: libxl, and its events. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <xentoollog.h>

#include "clone_host.h"
#include "xl_error.h"

void clone_log(const struct clone_host *host, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	host->user->log(line);
}

/* libxl's errors are shown, and the first one is kept. */
__attribute__((format(printf, 5, 0)))
static void log_libxl(struct xentoollog_logger *logger, xentoollog_level level,
		      int errnoval, const char *context, const char *format,
		      va_list ap)
{
	struct clone_host *host = (struct clone_host *)logger;
	char text[512];

	(void)context;
	if (level < XTL_ERROR)
		return;
	xl_error_text(text, sizeof(text), errnoval, format, ap);
	if (!host->first_error[0])
		snprintf(host->first_error, sizeof(host->first_error), "%.190s", text);
	clone_log(host, "libxl: %s", text);
}

static void close_host(struct clone_host *host)
{
	clone_forget(host);
	libxl_ctx_free(host->ctx);
	free(host->fds);
	free(host);
}

static struct clone_host *open_host(const struct clone_user *user)
{
	static const libxl_childproc_hooks selective = {
		.chldowner = libxl_sigchld_owner_libxl_always_selective_reap,
	};
	struct clone_host *host = calloc(1, sizeof(*host));

	if (!host) {
		user->log("no memory");
		return NULL;
	}
	host->logger.vmessage = log_libxl;
	host->user = user;
	if (libxl_ctx_alloc(&host->ctx, LIBXL_VERSION, 0, &host->logger)) {
		user->log("cannot open libxl: is xenstored running? Was xen-thaw built for another version of Xen? Then rebuild and reinstall it");
		close_host(host);
		return NULL;
	}
	/* The caller has children of its own, and reaps them itself. */
	libxl_childproc_setmode(host->ctx, &selective, host);
	clone_read_xl_conf(host);
	return host;
}

/* libxl gives a domain that is half made no name. */
static void describe(struct clone_host *host, const libxl_dominfo *info,
		     struct clone_domain *d)
{
	d->domid = info->domid;
	snprintf(d->uuid, sizeof(d->uuid), LIBXL_UUID_FMT, LIBXL_UUID_BYTES(info->uuid));
	d->name = libxl_domid_to_name(host->ctx, info->domid);
	d->kib = info->current_memkb;
	d->paused = info->paused;
	d->dying = info->dying;
}

static int list(struct clone_host *host,
		void (*fn)(void *arg, const struct clone_domain *domain), void *arg)
{
	int nr = 0, i;
	libxl_dominfo *info = libxl_list_domain(host->ctx, &nr);

	if (!info) {
		clone_log(host, "cannot list the domains: was xen-thaw built for another version of Xen? Then rebuild and reinstall it");
		return -1;
	}
	for (i = 0; i < nr; i++) {
		struct clone_domain d;

		if (!info[i].domid)
			continue;
		describe(host, &info[i], &d);
		fn(arg, &d);
		free(d.name);
	}
	libxl_dominfo_list_free(info, nr);
	return 0;
}

static int macs(struct clone_host *host, void (*fn)(void *arg, const uint8_t mac[6]), void *arg)
{
	int nr = 0, i;
	libxl_dominfo *info = libxl_list_domain(host->ctx, &nr);

	if (!info) {
		clone_log(host, "cannot list the domains");
		return -1;
	}
	for (i = 0; i < nr; i++) {
		int nr_nics = 0, k;
		libxl_device_nic *nics = libxl_device_nic_list(host->ctx, info[i].domid, &nr_nics);

		for (k = 0; k < nr_nics; k++)
			fn(arg, nics[k].mac);
		libxl_device_nic_list_free(nics, nr_nics);
	}
	libxl_dominfo_list_free(info, nr);
	return 0;
}

static int64_t free_memory(struct clone_host *host)
{
	uint64_t kib;

	return libxl_get_free_memory(host->ctx, &kib) ? -1 : (int64_t)kib;
}

static int destroy(struct clone_host *host, uint32_t domid)
{
	int rc;

	host->first_error[0] = '\0';
	rc = libxl_domain_destroy(host->ctx, domid, NULL);
	if (rc)
		clone_log(host, "cannot destroy domain %u: libxl: %serror %d", domid,
			  host->first_error, rc);
	return rc ? -1 : 0;
}

static struct timeval time_of_day(void)
{
	struct timeval tv;

	gettimeofday(&tv, NULL);
	return tv;
}

static int handle_events(struct clone_host *host)
{
	libxl_event *event;
	int rc;

	while (!(rc = libxl_event_check(host->ctx, &event, LIBXL_EVENTMASK_ALL, NULL, NULL))) {
		clone_handle(host, event);
		libxl_event_free(host->ctx, event);
	}
	clone_restart_due(host);
	if (rc == ERROR_NOT_READY)
		return 0;
	clone_log(host, "libxl: no more events: error %d", rc);
	return -1;
}

/* Return: room for that many, or NULL. What was there is lost. */
static struct pollfd *make_room(struct clone_host *host, int nr)
{
	if (nr <= host->room)
		return host->fds;
	free(host->fds);
	host->fds = calloc((size_t)nr, sizeof(*host->fds));
	host->room = host->fds ? nr : 0;
	return host->fds;
}

/* The caller's come first in the array, libxl's behind them. */
static int poll_all(struct clone_host *host, struct pollfd *fds, int nr, int timeout)
{
	int used = 0, rc, i;

	do {
		if (!make_room(host, nr + used))
			return -1;
		used = host->room - nr;
		rc = libxl_osevent_beforepoll(host->ctx, &used, host->fds + nr, &timeout,
					      time_of_day());
	} while (rc == ERROR_BUFFERFULL);
	if (rc)
		return -1;
	for (i = 0; i < nr; i++)
		host->fds[i] = fds[i];
	rc = poll(host->fds, (nfds_t)(nr + used), timeout);
	if (rc < 0 && errno != EINTR)
		return -1;
	for (i = 0; i < nr; i++)
		fds[i].revents = rc < 0 ? 0 : host->fds[i].revents;
	if (rc >= 0)
		libxl_osevent_afterpoll(host->ctx, used, host->fds + nr, time_of_day());
	return 0;
}

static int wait_host(struct clone_host *host, struct pollfd *fds, int nr, int timeout)
{
	int due = clone_next_due(host);

	if (due >= 0 && (timeout < 0 || due < timeout))
		timeout = due;
	if (poll_all(host, fds, nr, timeout)) {
		clone_log(host, "libxl: cannot wait for events: %s", strerror(errno));
		return -1;
	}
	return handle_events(host);
}

__attribute__((visibility("default")))
const struct clone_xen clone_xen = {
	.open = open_host,
	.close = close_host,
	.list = list,
	.macs = macs,
	.free_memory = free_memory,
	.restore = clone_restore,
	.abort = clone_abort,
	.unpause = clone_unpause,
	.rename = clone_rename,
	.destroy = destroy,
	.wait = wait_host,
};
