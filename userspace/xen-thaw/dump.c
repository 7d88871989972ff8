// SPDX-License-Identifier: GPL-2.0
/*
 * A child writes the core, so that signals are answered at once. Also, Xen's
 * library reads tables that the guest wrote: if it crashes, the guest does not
 * stay paused.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dump.h"
#include "dump_sink.h"
#include "dump_xen.h"
#include "file.h"
#include "message.h"
#include "newfile.h"
#include "progress.h"

/**
 * struct dumper - a dump under way
 * @job: what to do
 * @domain: the guest
 * @out: the new file
 * @sink: writes to @out
 * @signals: those that end it or would stop it, and SIGCHLD; blocked
 * @before: signals that were blocked before
 * @sig: that ended it, or 0
 */
struct dumper {
	const struct dump_job *job;
	struct dump_domain domain;
	struct newfile out;
	struct dump_sink sink;
	sigset_t signals;
	sigset_t before;
	int sig;
};

static int fail_domain(struct dumper *d)
{
	message("%s: %s", d->job->domain, d->domain.error);
	return -1;
}

static int fail_out(struct dumper *d, const char *error)
{
	message("%s: %s", d->job->out, error);
	return -1;
}

static int put(void *arg, const void *buf, size_t size)
{
	return dump_sink_put(arg, buf, size);
}

static int write_core(struct dumper *d)
{
	if (d->job->xen->core(&d->domain, put, &d->sink)) {
		if (d->sink.error[0])
			return fail_out(d, d->sink.error);
		return fail_domain(d);
	}
	if (dump_sink_end(&d->sink))
		return fail_out(d, d->sink.error);
	progress_clear();
	if (d->sink.nr_zero && file_got_no_hole(d->out.fd))
		message("%s: " NO_HOLES, d->job->out, d->sink.nr_zero);
	return 0;
}

/* In the child the signals stay blocked: its parent ends it. */
static void __attribute__((noreturn)) be_child(struct dumper *d, pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(1);
	_exit(write_core(d) ? 1 : 0);
}

/* Job control: whoever stops the dump leaves the guest paused. */
static bool is_stop(int sig)
{
	return sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

static int end_child(struct dumper *d, pid_t child, int sig)
{
	d->sig = sig;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	progress_clear();
	return -1;
}

static int wait_child(struct dumper *d, pid_t child)
{
	int sig, status;

	do {
		sig = sigwaitinfo(&d->signals, NULL);
		if (is_stop(sig))
			message("%s: not stopped, as the guest would stay paused: the dump goes on; Ctrl-C ends it",
				d->job->domain);
		else if (sig > 0 && sig != SIGCHLD)
			return end_child(d, child, sig);
	} while (waitpid(child, &status, WNOHANG) != child);

	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status) ? -1 : 0;
	message("%s: the dump was ended by signal %d (%s)", d->job->domain,
		WTERMSIG(status), strsignal(WTERMSIG(status)));
	return -1;
}

static int run_child(struct dumper *d)
{
	pid_t parent = getpid(), child;

	/* Before the fork, as both processes use the bar. */
	progress_title("dumping");
	progress_start(d->domain.nr_pages);
	child = fork();
	if (child < 0) {
		message("cannot fork: %s", strerror(errno));
		return -1;
	}
	if (!child)
		be_child(d, parent);
	return wait_child(d, child);
}

/*
 * A signal that was ignored stays ignored (nohup). Only SIGCHLD must not be: the
 * child could not be waited for.
 */
static void block_signals(struct dumper *d)
{
	static const int answered[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM,
					SIGTSTP, SIGTTIN, SIGTTOU };
	struct sigaction now;
	size_t i;

	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&d->signals);
	sigaddset(&d->signals, SIGCHLD);
	for (i = 0; i < sizeof(answered) / sizeof(answered[0]); i++) {
		if (!sigaction(answered[i], NULL, &now) &&
		    now.sa_handler != SIG_IGN)
			sigaddset(&d->signals, answered[i]);
	}
	sigprocmask(SIG_BLOCK, &d->signals, &d->before);
}

/*
 * Xen counts the calls that pause a domain: one that was paused before stays
 * paused.
 */
static int dump_paused(struct dumper *d)
{
	const struct dump_xen *xen = d->job->xen;
	int ret;

	if (xen->pause(&d->domain))
		return fail_domain(d);
	ret = run_child(d);
	if (xen->unpause(&d->domain))
		ret = fail_domain(d);
	return ret;
}

static int dump_to_file(struct dumper *d)
{
	const struct dump_job *job = d->job;
	int ret;

	if (dump_sink_open(&d->sink, d->out.fd, job->out, job->cache))
		return fail_out(d, d->sink.error);
	if (d->sink.way == DUMP_BEHIND)
		message("%s: no O_DIRECT on this filesystem: the core goes through the page cache, and is dropped from it as it is written",
			job->out);
	ret = dump_paused(d);
	dump_sink_free(&d->sink);
	return ret;
}

static int dump_to(struct dumper *d)
{
	const struct dump_job *job = d->job;
	int ret;

	if (newfile_open(&d->out, job->out, job->force, NULL))
		return fail_out(d, d->out.error);
	block_signals(d);
	ret = dump_to_file(d);
	if (ret)
		newfile_abort(&d->out);
	/* The guest goes on and the file is gone: now the signal may end us. */
	if (d->sig)
		raise(d->sig);
	sigprocmask(SIG_SETMASK, &d->before, NULL);
	if (ret)
		return -1;
	if (newfile_commit(&d->out, NULL))
		return fail_out(d, d->out.error);
	return 0;
}

int dump_guest(const struct dump_job *job)
{
	struct dumper d = { .job = job };
	int ret;

	if (job->xen->open(&d.domain, job->domain))
		return fail_domain(&d);
	ret = dump_to(&d);
	job->xen->close(&d.domain);
	return ret;
}
