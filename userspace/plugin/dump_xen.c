// SPDX-License-Identifier: GPL-2.0
/* A shared object that xen-thaw dump loads. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxl.h>
#include <libxl_utils.h>
#include <xenctrl.h>
#include <xentoollog.h>

#include "dump_map.h"
#include "dump_xen.h"
#include "xl_error.h"

/**
 * struct receiver - gets the core
 * @put: called with the next bytes
 * @arg: for @put
 */
struct receiver {
	dump_put_fn *put;
	void *arg;
};

__attribute__((format(printf, 2, 3)))
static int fail(struct dump_domain *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(d->error, sizeof(d->error), fmt, ap);
	va_end(ap);
	return -1;
}

/* Xen looks at the version of the interface before anything else. */
static int refused(struct dump_domain *d, const char *what)
{
	if (errno == EACCES)
		return fail(d, "cannot %s: Xen refuses: xen-thaw was built for another version of it: rebuild and reinstall xen-thaw",
			    what);
	return fail(d, "cannot %s: %s", what, strerror(errno));
}

/* The domain whose error the logger sets. */
static struct dump_domain *failing;

/* Only the first error is kept: it is the cause. Others say who noticed. */
__attribute__((format(printf, 5, 0)))
static void log_error(struct xentoollog_logger *logger, xentoollog_level level,
		      int errnoval, const char *context, const char *format,
		      va_list ap)
{
	(void)logger;
	(void)context;
	if (level >= XTL_ERROR && !failing->error[0])
		xl_error_text(failing->error, sizeof(failing->error), errnoval, format, ap);
}

/* Xen's libraries do not destroy a logger that they are given. */
static xentoollog_logger first_error = { .vmessage = log_error };

static int find_name(struct dump_domain *d, const char *name)
{
	libxl_ctx *ctx = NULL;
	int rc;

	if (libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0, &first_error)) {
		libxl_ctx_free(ctx);
		return d->error[0] ? -1 : fail(d, "cannot open libxl");
	}
	rc = libxl_name_to_domid(ctx, name, &d->domid);
	libxl_ctx_free(ctx);
	return rc ? fail(d, "no such domain") : 0;
}

/* As in xl, a number has only digits; all else is a name. */
static int find(struct dump_domain *d, const char *name)
{
	const size_t digits = strspn(name, "0123456789");
	unsigned long id;

	if (!digits || name[digits])
		return find_name(d, name);
	errno = 0;
	id = strtoul(name, NULL, 10);
	if (errno || id >= DOMID_FIRST_RESERVED)
		return fail(d, "no such domain");
	d->domid = id;
	return 0;
}

static int get_info(struct dump_domain *d, xc_domaininfo_t *info)
{
	int nr = xc_domain_getinfolist(d->xc, d->domid, 1, info);

	if (nr < 0)
		return refused(d, "ask for the domain");
	/* Xen gives the first domain whose number is not below. */
	if (!nr || info->domain != d->domid)
		return fail(d, "no such domain");
	if (info->flags & XEN_DOMINF_dying)
		return fail(d, "the domain is dying");
	return 0;
}

static int check_domain(struct dump_domain *d)
{
	xc_domaininfo_t info;
	size_t entry;

	if (get_info(d, &info))
		return -1;
	if (!d->domid)
		return fail(d, "domain 0 cannot be dumped from within");
	/* libxenguest hands over its table of pages at once; its size is an unsigned int. */
	entry = info.flags & XEN_DOMINF_hvm_guest ? 8 : 16;
	if (info.tot_pages > UINT_MAX / entry)
		return fail(d, "it has %llu pages: Xen's library dumps at most %zu",
			    (unsigned long long)info.tot_pages,
			    UINT_MAX / entry);
	d->nr_pages = info.tot_pages;
	d->hvm = info.flags & XEN_DOMINF_hvm_guest;
	return 0;
}

static int open_domain(struct dump_domain *d, const char *name)
{
	memset(d, 0, sizeof(*d));
	failing = d;
	if (find(d, name))
		return -1;
	d->xc = xc_interface_open(&first_error, &first_error, 0);
	if (!d->xc)
		return refused(d, "open libxenctrl");
	if (!check_domain(d))
		return 0;
	xc_interface_close(d->xc);
	return -1;
}

static void close_domain(struct dump_domain *d)
{
	xc_interface_close(d->xc);
}

static int pause_domain(struct dump_domain *d)
{
	return xc_domain_pause(d->xc, d->domid) ? refused(d, "pause it") : 0;
}

/* The domain goes on even if its state cannot be read. */
static int unpause_domain(struct dump_domain *d)
{
	xc_domaininfo_t info;
	int ret = get_info(d, &info);

	if (!ret && !(info.flags & XEN_DOMINF_paused))
		return fail(d, "it was unpaused while it was dumped: dump it again");
	if (xc_domain_unpause(d->xc, d->domid) && !ret)
		ret = refused(d, "unpause it");
	return ret;
}

static int put(xc_interface *xch, void *arg, char *buffer, unsigned int length)
{
	struct receiver *to = arg;

	(void)xch;
	return to->put(to->arg, buffer, length);
}

static int core(struct dump_domain *d, dump_put_fn *to, void *arg)
{
	struct receiver receiver = { to, arg };
	xc_interface *xch = xc_interface_open(&first_error, &first_error, 0);
	int ret;

	if (!xch)
		return refused(d, "open libxenctrl");
	if (dump_map_begin(&first_error, d->hvm)) {
		xc_interface_close(xch);
		return refused(d, "open libxenforeignmemory");
	}
	d->error[0] = '\0';
	ret = xc_domain_dumpcore_via_callback(xch, d->domid, &receiver, put);
	dump_map_end();
	xc_interface_close(xch);
	if (ret && !d->error[0])
		fail(d, "the dump failed, and Xen's library does not say why");
	return ret ? -1 : 0;
}

const struct dump_xen dump_xen = {
	.open = open_domain,
	.close = close_domain,
	.pause = pause_domain,
	.unpause = unpause_domain,
	.core = core,
};
