// SPDX-License-Identifier: GPL-2.0
/*
 * xen-thaw-helper: replaces libxl-save-helper. It decides whether a call is for
 * the fast path, and hands all other calls to the stock helper untouched.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xenforeignmemory.h>

#include "call.h"
#include "clock.h"
#include "dom0.h"
#include "env.h"
#include "message.h"
#include "number.h"
#include "plan_shared.h"
#include "progress.h"
#include "restore.h"
#include "restore_stream.h"
#include "restore_verify.h"
#include "save.h"
#include "stock.h"
#include "stock_path.h"

/* argv of --restore-domain (libxl_save_callout.c, libxl_save_helper.c). */
enum restore_arg {
	ARG_MODE = 1,
	ARG_IO_FD,
	ARG_SEND_BACK_FD,
	ARG_DOMID,
	ARG_STORE_EVTCHN,
	ARG_STORE_DOMID,
	ARG_CONSOLE_EVTCHN,
	ARG_CONSOLE_DOMID,
	ARG_CBFLAGS,
	ARG_STREAM_TYPE,
	RESTORE_ARGC,
};

static void append_stats(struct restore *r, double start, int status)
{
	const char *path = env_stats();

	if (!path)
		return;
	r->stats.domid = r->domid;
	r->stats.total_s = clock_now() - start;
	r->stats.result = status ? "failed" : "ok";
	stats_append(path, &r->stats);
}

/*
 * Hands the call to the stock helper, and waits for it only for the statistics.
 * Return: a wait status, if it returns.
 */
static int hand_over(struct restore *r, double start)
{
	int status;

	r->stats.engine = env_engine_name(ENGINE_STOCK);
	if (!env_stats()) {
		stock_exec(r->stock, r->argv);
		return STATUS_FAILED;
	}
	if (stock_spawn(r->stock, r->argv, -1, -1, NULL, NULL))
		return STATUS_FAILED;
	status = stock_wait();
	append_stats(r, start, status);
	return status;
}

/**
 * enum source - where a stream comes from
 * @SOURCE_OTHER: it is for the stock helper: a stream of COLO or Remus, or one from a
 *	descriptor that we do not know
 * @SOURCE_FILE: a file or block device
 * @SOURCE_PIPE: a pipe
 * @SOURCE_SOCKET: a socket
 */
enum source {
	SOURCE_OTHER,
	SOURCE_FILE,
	SOURCE_PIPE,
	SOURCE_SOCKET,
};

/* Takes the arguments; @start is set for a file. */
static enum source find_source(struct restore *r, int argc, off_t *start)
{
	uint32_t io_fd, stream_type;

	if (argc != RESTORE_ARGC)
		return SOURCE_OTHER;
	if (!number_parse(r->argv[ARG_IO_FD], INT32_MAX, &io_fd) ||
	    !number_parse(r->argv[ARG_DOMID], UINT16_MAX, &r->domid) ||
	    !number_parse(r->argv[ARG_STREAM_TYPE], UINT32_MAX, &stream_type))
		return SOURCE_OTHER;
	r->io_fd = io_fd;
	if (stream_type || fstat(r->io_fd, &r->before))
		return SOURCE_OTHER;
	switch (r->before.st_mode & S_IFMT) {
	case S_IFIFO:
		return SOURCE_PIPE;
	case S_IFSOCK:
		return SOURCE_SOCKET;
	case S_IFREG:
	case S_IFBLK:
		*start = lseek(r->io_fd, 0, SEEK_CUR);
		return *start >= 0 ? SOURCE_FILE : SOURCE_OTHER;
	default:
		return SOURCE_OTHER;
	}
}

static const char *guest_name(const struct restore *r)
{
	return r->stream.guest_type == STREAM_GUEST_PV ? "pv" : "hvm";
}

/* Why only the stock helper can restore a stream, or NULL: the headers do not say. */
static const char *refusal(const struct restore *r)
{
	if (plan_refusal(&r->stream))
		return plan_refusal(&r->stream);
	if (r->stream.guest_type == STREAM_GUEST_PV && !pv_find_library())
		return "a PV guest, and xen-thaw-pv.so is not beside this program";
	return NULL;
}

/* @nr_pfns: more than the guest has */
static void begin_pv(struct restore *r, uint64_t nr_pfns)
{
	static struct pv pv = { .table_fd = -1, .event_fd = -1 };

	pv.pages = &r->plan.pv;
	pv.nr_pfns = nr_pfns;
	r->pv = &pv;
}

/* By xen-thaw clone, or else by a scan. Return: as plan_build(). */
static int make_plan(struct restore *r)
{
	const char *shared = env_plan();

	if (shared) {
		if (!plan_take(&r->plan, &r->stream, shared, &r->before))
			return 0;
		message("%s: %s: the file is scanned again", r->name,
			r->stream.error);
	}
	return plan_for_restore(&r->plan, &r->stream);
}

/* Return: 0 to go on, 1 to hand over (said why), -1 after a message. */
static int scan_stream(struct restore *r, off_t start)
{
	double scan_start = clock_now();
	int err;

	if (stream_open(&r->stream, r->io_fd, r->name, start)) {
		message("%s: %s", r->name, r->stream.error);
		return -1;
	}
	r->stats.guest = guest_name(r);
	if (refusal(r)) {
		message("%s: %s: handed to the stock helper", r->name, refusal(r));
		return 1;
	}
	err = make_plan(r);
	if (!err && r->stream.guest_type == STREAM_GUEST_PV)
		begin_pv(r, r->plan.pv.nr_pfns);
	if (err)
		message("%s: %s%s", r->name, r->stream.error,
			err > 0 ? ": handed to the stock helper" : "");
	r->stats.pages = r->plan.pages;
	r->stats.zero_pages = r->plan.zero_pages;
	r->stats.extents = r->plan.nr_data;
	r->stats.bytes = plan_data_bytes(&r->plan);
	r->stats.scan_s = clock_now() - scan_start;
	return err;
}

/* scan_stream() skips from record to record: readahead would be of no use. */
static int read_stream(struct restore *r, off_t start)
{
	int ret;

	posix_fadvise(r->io_fd, 0, 0, POSIX_FADV_RANDOM);
	ret = scan_stream(r, start);
	posix_fadvise(r->io_fd, 0, 0, POSIX_FADV_NORMAL);
	return ret;
}

/* Return: 0; 1 if the stock helper is left (said why), -1 after a message. */
static int open_engine(struct restore *r)
{
	static const struct engine stock = { .id = ENGINE_STOCK };
	static const struct engine * const lists[][4] = {
		[ENGINE_AUTO] = { &engine_module, &engine_mmapbatch },
		[ENGINE_MODULE] = { &engine_module },
		[ENGINE_GNTDEV] = { &engine_gntdev },
		[ENGINE_MMAPBATCH] = { &engine_mmapbatch },
	};
	/* Mapping is dear there: with Xen 4.22, mmapbatch takes longer than stock. */
	static const struct engine * const auto_pvh[] = {
		&engine_module, &engine_gntdev, &stock, NULL,
	};
	const struct engine * const *engine = lists[r->choice];

	if (r->choice == ENGINE_AUTO && dom0_is_pvh())
		engine = auto_pvh;
	r->job.fd = r->io_fd;
	r->job.domid = r->domid;
	r->job.interrupted = &stock_interrupted;
	r->job.fmem = xenforeignmemory_open(NULL, 0);
	if (!r->job.fmem) {
		message("cannot map guest memory (/dev/xen/privcmd): %s",
			strerror(errno));
		return -1;
	}

	for (; *engine; engine++) {
		if (*engine == &stock)
			return 1;
		r->engine = *engine;
		if (!r->engine->open(&r->job)) {
			r->stats.engine = env_engine_name(r->engine->id);
			return 0;
		}
		if (engine[1])
			message("%s: falling back to %s", r->job.error,
				env_engine_name(engine[1]->id));
		else
			message("%s", r->job.error);
	}
	r->engine = NULL;
	return -1;
}

static int read_settings(struct restore *r)
{
	if (env_get_engine(&r->choice) || env_get_threads(&r->job.threads) ||
	    env_get_cache(&r->cache) || env_get_verify(&r->verify))
		return -1;
	return 0;
}

/* Return: 0 to restore, 1 to hand over, -1 after a message. */
static int look_at_file(struct restore *r, off_t offset)
{
	static char name[PATH_MAX];

	call_file_name(r->io_fd, name, sizeof(name));
	r->name = name;
	if (read_settings(r) ||
	    (r->verify && restore_verify(r->io_fd, r->name, offset)))
		return -1;
	if (r->choice == ENGINE_STOCK)
		return 1;
	return read_stream(r, offset);
}

/* Return: a wait status, or RESTORE_HAND_OVER if nothing was read yet. */
static int run_stream(struct restore *r, bool is_socket)
{
	static struct input in;
	enum stream_mode mode;
	int status = STATUS_FAILED, ret;

	r->name = "stream";
	if (env_get_stream(&mode))
		return STATUS_FAILED;
	if (mode == STREAM_NONE || (is_socket && mode != STREAM_ALL))
		return RESTORE_HAND_OVER;
	if (read_settings(r))
		return STATUS_FAILED;
	if (r->verify)
		message("a stream cannot be verified before it is restored: handed to the stock helper");
	if (r->verify || r->choice == ENGINE_STOCK)
		return RESTORE_HAND_OVER;
	if (restore_stream_open(r, &in))
		return STATUS_FAILED;
	r->stats.guest = guest_name(r);
	if (refusal(r)) {
		message("%s: %s: passed on to the stock helper", r->name, refusal(r));
		ret = 1;
	} else {
		ret = open_engine(r);
	}
	if (ret > 0)
		r->stats.engine = env_engine_name(ENGINE_STOCK);
	else if (!ret && r->stream.guest_type == STREAM_GUEST_PV)
		begin_pv(r, PV_MAX_PFNS);
	if (ret >= 0)
		status = restore_stream_run(r, ret);
	input_free(&in);
	return status;
}

/* Return: a wait status, or RESTORE_HAND_OVER if nothing was done yet. */
static int run_file(struct restore *r, off_t offset)
{
	int ret = look_at_file(r, offset);

	if (!ret)
		ret = open_engine(r);
	if (ret)
		return ret > 0 ? RESTORE_HAND_OVER : STATUS_FAILED;
	return restore_run(r);
}

/* Return: a wait status. */
static int run_restore(struct restore *r, int argc, double start)
{
	int status = RESTORE_HAND_OVER;
	enum source source;
	off_t offset;

	source = find_source(r, argc, &offset);
	if (source == SOURCE_FILE)
		status = run_file(r, offset);
	else if (source != SOURCE_OTHER)
		status = run_stream(r, source == SOURCE_SOCKET);

	if (status == RESTORE_HAND_OVER) {
		if (source != SOURCE_FILE && env_debug())
			message("not a plain save file: handed to the stock helper");
		return hand_over(r, start);
	}
	append_stats(r, start, status);
	return status;
}

/* Return: a wait status. */
static int run(struct restore *r, int argc, double start)
{
	r->stock = stock_find();
	if (!r->stock)
		return STATUS_FAILED;
	if (!strcmp(r->argv[ARG_MODE], "--restore-domain"))
		return run_restore(r, argc, start);
	if (!strcmp(r->argv[ARG_MODE], "--save-domain"))
		return save_run(r->stock, argc, r->argv, start);
	stock_exec(r->stock, r->argv);
	return STATUS_FAILED;
}

static void usage(FILE *f)
{
	fputs("Replaces Xen's libxl-save-helper. libxl runs it; people do not:\n"
	      "    LIBXL_SAVE_HELPER=/path/to/xen-thaw-helper xl restore FILE\n"
	      "    LIBXL_SAVE_HELPER=/path/to/xen-thaw-helper xl save DOMAIN FILE\n"
	      "or, shorter, xen-thaw restore FILE and xen-thaw save DOMAIN FILE. See\n"
	      "xen-thaw-helper(8).\n", f);
}

int main(int argc, char **argv)
{
	struct restore r = {
		.argv = argv,
		.stats = { .engine = "none", .guest = "unknown",
			   .cache = "keep" },
	};
	double start = clock_now();
	int status;

	/* After xen-thaw enable, libxl calls us by the name of the stock helper. */
	program_invocation_short_name = "xen-thaw-helper";
	if (argc == 2 && !strcmp(argv[1], "--version")) {
		printf("xen-thaw-helper %s\n", XEN_THAW_VERSION_STRING);
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "--help")) {
		usage(stdout);
		return 0;
	}
	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	progress_enable(env_progress());
	status = run(&r, argc, start);
	if (r.engine)
		r.engine->close(&r.job);
	if (r.job.fmem)
		xenforeignmemory_close(r.job.fmem);
	if (r.pv)
		pv_free(r.pv);
	plan_free(&r.plan);
	return stock_exit_like(status);
}
