// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "live.h"
#include "message.h"
#include "newfile.h"
#include "save_xen.h"
#include "savefile.h"
#include "stats.h"
#include "xl_config.h"

/**
 * struct live - a save under way
 * @job: what to do
 * @guest: the guest
 * @out: the new file
 * @available: memory of dom0 when it began
 * @start: when it began
 * @frozen: seconds from the guest's suspension until it went on, or was known to be saved
 */
struct live {
	const struct live_job *job;
	struct save_guest guest;
	struct newfile out;
	uint64_t available;
	double start;
	double frozen;
};

static const int answered[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
static const int ignored[] = { SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE };

#define NR(array)	(sizeof(array) / sizeof((array)[0]))

static const struct save_xen *stoppable;
static volatile sig_atomic_t got_signal;

static void on_signal(int sig)
{
	got_signal = sig;
	stoppable->stop();
}

/*
 * A signal that was ignored stays ignored (nohup). Who stops the process by the terminal's
 * job control would stop it while the guest is frozen. SIGPIPE: a helper that died.
 */
static void take_signals(const struct live *l)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART }, old;
	size_t i;

	stoppable = l->job->xen;
	for (i = 0; i < NR(answered); i++) {
		if (!sigaction(answered[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(answered[i], &sa, NULL);
	}
	for (i = 0; i < NR(ignored); i++)
		signal(ignored[i], SIG_IGN);
}

static int fail_guest(struct live *l)
{
	message("%s: %s", l->job->domain, l->guest.error);
	return -1;
}

static int fail_out(struct live *l, const char *error)
{
	message("%s: %s", l->job->out, error);
	return -1;
}

static void show_error(const char *line)
{
	message("libxl: %s", line);
}

static int write_head(struct live *l)
{
	const struct live_job *job = l->job;
	char *json = job->config ? xl_config_from_file(job->config) :
				   job->xen->config(&l->guest, job->keep_domid);
	size_t size = 0;
	void *head;
	ssize_t n;

	if (!json)
		return job->config ? -1 : fail_guest(l);
	head = savefile_xl_head(json, &size);
	free(json);
	if (!head)
		return fail_out(l, "no memory for the configuration");
	n = write(l->out.fd, head, size);
	free(head);
	if (n == (ssize_t)size)
		return 0;
	return fail_out(l, n < 0 ? strerror(errno) : strerror(ENOSPC));
}

/* After the guest's time: what the helper did not drop from the page cache. */
static int drop(struct live *l)
{
	struct stat st;

	if (l->job->cache == CACHE_KEEP)
		return 0;
	if (fstat(l->out.fd, &st))
		return fail_out(l, strerror(errno));
	if (l->job->cache == CACHE_AUTO &&
	    (uint64_t)st.st_blocks * 512 <= l->available / 2)
		return 0;
	if (fsync(l->out.fd))
		return fail_out(l, strerror(errno));
	posix_fadvise(l->out.fd, 0, 0, POSIX_FADV_DONTNEED);
	return 0;
}

static int name_file(struct live *l)
{
	if (drop(l)) {
		newfile_abort(&l->out);
		return -1;
	}
	return newfile_commit(&l->out, NULL) ? fail_out(l, l->out.error) : 0;
}

static void thaw(struct live *l)
{
	if (l->guest.suspended_at > 0)
		l->frozen = clock_now() - l->guest.suspended_at;
}

/* The guest does not wait for the disk. */
static int resume_and_name(struct live *l)
{
	int resumed = l->job->xen->resume(&l->guest, l->job->pause) ? fail_guest(l) : 0;

	thaw(l);
	if (name_file(l)) {
		message("%s: it was not saved%s", l->job->domain,
			resumed ? "" : l->job->pause ? ", and is paused" : ", and goes on");
		return -1;
	}
	if (resumed)
		message("%s: it is whole", l->job->out);
	return resumed;
}

/* A guest that is not on disk is not destroyed. */
static int name_and_destroy(struct live *l)
{
	const struct save_xen *xen = l->job->xen;

	thaw(l);
	if (!name_file(l))
		return xen->destroy(&l->guest) ? fail_guest(l) : 0;
	if (xen->resume(&l->guest, false))
		return fail_guest(l);
	message("%s: it was not saved, and goes on", l->job->domain);
	return -1;
}

static int give_up(struct live *l)
{
	newfile_abort(&l->out);
	if (got_signal)
		message("%s: interrupted: there is no new file", l->job->out);
	else
		fail_guest(l);
	if (l->job->xen->resume(&l->guest, false))
		return fail_guest(l);
	message("%s: it goes on", l->job->domain);
	return -1;
}

static int save(struct live *l)
{
	const struct live_job *job = l->job;

	if (newfile_open(&l->out, job->out, true, NULL))
		return fail_out(l, l->out.error);
	if (write_head(l)) {
		newfile_abort(&l->out);
		return -1;
	}
	/* The file has no name yet that the helper could find. */
	setenv(ENV_FILE, job->out, 1);
	take_signals(l);
	if (job->xen->save(&l->guest, l->out.fd))
		return give_up(l);
	return job->go_on || job->pause ? resume_and_name(l) : name_and_destroy(l);
}

static void add_stats(const struct live *l, int ret)
{
	const struct live_stats st = {
		.domid = l->guest.domid,
		.frozen_s = l->frozen,
		.total_s = clock_now() - l->start,
		.result = ret ? "failed" : "ok",
	};

	stats_append_live(l->job->stats, &st);
}

int live_save(const struct live_job *job)
{
	struct live l = {
		.job = job,
		.guest = { .log = show_error },
		.available = mem_available(),
		.start = clock_now(),
	};
	int ret;

	if (job->xen->open(&l.guest, job->domain))
		return fail_guest(&l);
	ret = save(&l);
	job->xen->close(&l.guest);
	if (!ret && l.frozen > 0)
		message("%s: saved in %.1f s; frozen for %.2f s of it", job->domain,
			clock_now() - l.start, l.frozen);
	if (job->stats)
		add_stats(&l, ret);
	if (ret && got_signal) {
		signal(got_signal, SIG_DFL);
		raise(got_signal);
	}
	return ret;
}
