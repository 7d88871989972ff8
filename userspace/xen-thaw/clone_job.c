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
#include "clone_disks.h"
#include "clone_job.h"
#include "clone_report.h"
#include "clone_xen.h"
#include "env.h"
#include "host.h"
#include "message.h"

#define LOG_DIR		"/var/log/xen"

/* How often a pool looks at the memory of Xen. */
#define POOL_LOOKS_MS	500

/* Written to by the handler of signals. */
static int signal_pipe[2] = { -1, -1 };

static void on_signal(int number)
{
	const int err = errno;
	const char byte = (char)number;

	if (write(signal_pipe[1], &byte, 1) < 0)
		errno = err;
	errno = err;
}

/* Handlers, not a mask: libxl's children would inherit that. */
static int catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK))
		return -1;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

static void log_line(const char *line)
{
	message("%s", line);
}

static void free_clone(struct clone *c)
{
	struct clone **at = &c->job->clones;
	int i;

	while (*at && *at != c)
		at = &(*at)->next;
	if (*at)
		*at = c->next;
	for (i = 0; i < CLONE_DISKS; i++)
		free(c->id.paths[i]);
	clone_record_free(&c->record);
	free(c);
}

/* Nothing is left of a clone. What cannot be removed stays on record. */
static void remove_clone(struct clone *c)
{
	if (!clone_disks_remove(&c->record))
		clone_record_remove(c->job->dir.path, c->record.uuid);
	else
		clone_record_write(c->job->dir.path, &c->record);
	free_clone(c);
}

static void fail_clone(struct clone *c, const char *why)
{
	message("%s: %s", c->id.name, why);
	clone_report(c, why);
	clone_pool_failed(c->job);
	remove_clone(c);
}

/* On record as whole before it runs: clones --clean leaves it alone then. */
static void clone_made(struct clone *c)
{
	struct clone_job *job = c->job;

	c->step = CLONE_LIVES;
	c->made = clock_now();
	c->record.whole = true;
	clone_record_write(job->dir.path, &c->record);
	if (!job->options->paused && !c->record.pooled)
		job->xen->unpause(c->guest);
	clone_report(c, NULL);
	clone_pool_ready(job);
}

static void clone_news(void *arg, enum clone_news news, uint32_t domid, const char *why)
{
	struct clone *c = arg;

	c->domid = domid;
	switch (news) {
	case CLONE_MADE:
		clone_made(c);
		break;
	case CLONE_FAILED:
		fail_clone(c, why ? why : "it could not be made");
		break;
	case CLONE_RESTARTED:
		message("%s: is domain %u now", c->id.name, domid);
		break;
	case CLONE_PRESERVED:
		clone_disks_leave(&c->record);
		clone_record_write(c->job->dir.path, &c->record);
		break;
	case CLONE_GONE:
		message("%s: is gone%s%s", c->id.name, why ? ": " : "", why ? why : "");
		remove_clone(c);
		break;
	case CLONE_LEFT:
		message("%s: domain %u is not watched any more", c->id.name, domid);
		if (c->step == CLONE_BEGUN)
			clone_report(c, why ? why : "it could not be made");
		free_clone(c);
		break;
	}
}

static struct clone *new_clone(struct clone_job *job, struct clone_taken *taken)
{
	struct clone *c = calloc(1, sizeof(*c)), **at;

	if (!c) {
		message("no memory");
		return NULL;
	}
	c->job = job;
	if (clone_identity_choose(&c->id, taken, job->config, job->options->pattern,
				  &job->number)) {
		free(c);
		return NULL;
	}
	strcpy(c->record.name, c->id.name);
	strcpy(c->record.uuid, c->id.uuid);
	memcpy(c->record.macs, c->id.macs, sizeof(c->record.macs));
	c->record.nr_macs = job->config->nr_nics;
	c->record.pooled = job->options->ahead;
	/* In the order of their numbers. */
	for (at = &job->clones; *at; at = &(*at)->next)
		;
	*at = c;
	return c;
}

/* All have their names before the first is made. Return: 0, or -1 after a message. */
static int reserve(struct clone_job *job)
{
	struct clone_taken taken;
	unsigned int i;
	int ret;

	if (clone_taken_open(&taken, job->xen, job->host, job->config->nr_nics))
		return -1;
	ret = clone_job_create(&job->dir);
	for (i = 0; !ret && i < job->options->count; i++) {
		const struct clone *c = new_clone(job, &taken);

		ret = c ? clone_record_write(job->dir.path, &c->record) : -1;
	}
	while (ret && job->clones) {
		clone_record_remove(job->dir.path, job->clones->id.uuid);
		free_clone(job->clones);
	}
	clone_taken_close(&taken);
	return ret;
}

/* One more for a pool. */
static void reserve_one(struct clone_job *job)
{
	struct clone_taken taken;
	struct clone *c = NULL;

	if (!clone_taken_open(&taken, job->xen, job->host, job->config->nr_nics)) {
		c = new_clone(job, &taken);
		if (c && clone_record_write(job->dir.path, &c->record)) {
			free_clone(c);
			c = NULL;
		}
		clone_taken_close(&taken);
	}
	if (!c)
		clone_pool_failed(job);
}

/* Return: NULL, or why it could not be begun. */
static const char *begin(struct clone *c)
{
	struct clone_job *job = c->job;
	char *json;
	int fd;

	c->step = CLONE_BEGUN;
	c->begun = clock_now();
	c->disks_done = c->begun;
	if (clone_disks_make(c))
		return "its disks could not be made";
	c->disks_done = clock_now();
	json = clone_config_make(job->config, &c->id);
	if (!json)
		return "no memory";
	fd = clone_image_file(job->image);
	if (fd >= 0)
		c->guest = job->xen->restore(job->host, json, fd, c);
	free(json);
	if (fd < 0)
		return "the image cannot be opened";
	return c->guest ? NULL : "libxl could not begin to make it";
}

static unsigned int count(const struct clone_job *job, enum clone_step step)
{
	const struct clone *c;
	unsigned int nr = 0;

	for (c = job->clones; c; c = c->next)
		nr += c->step == step;
	return nr;
}

static struct clone *next_waiting(const struct clone_job *job)
{
	struct clone *c = job->clones;

	while (c && c->step != CLONE_WAITS)
		c = c->next;
	return c;
}

static void begin_more(struct clone_job *job)
{
	struct clone *c;

	while (count(job, CLONE_BEGUN) < job->options->parallel && (c = next_waiting(job))) {
		const char *why = begin(c);

		if (why)
			fail_clone(c, why);
	}
}

/* Ends what is not finished, and keeps the rest. */
static void stop(struct clone_job *job)
{
	struct clone *c;

	job->stopped = true;
	clone_pool_stop(job);
	while ((c = next_waiting(job)))
		fail_clone(c, "interrupted");
	for (c = job->clones; c; c = c->next)
		if (c->step == CLONE_BEGUN)
			job->xen->abort(c->guest);
}

/* From now on nobody else is there. */
static void go_to_background(struct clone_job *job)
{
	const char *name = strrchr(job->dir.path, '/') + 1;
	char path[PATH_MAX];
	int log;

	clone_report_end(job);
	clone_image_drop(job->image);
	/* A pool may need paths of disks that are not absolute. */
	if (!job->options->ahead && chdir("/"))
		message("cannot leave the directory: %s", strerror(errno));
	mkdir(LOG_DIR, 0755);
	snprintf(path, sizeof(path), LOG_DIR "/xen-thaw-clone-%s.log", name);
	log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (log < 0)
		log = open("/dev/null", O_WRONLY | O_CLOEXEC);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	if (log > STDERR_FILENO)
		close(log);
}

static bool is_busy(const struct clone_job *job)
{
	return count(job, CLONE_WAITS) || count(job, CLONE_BEGUN);
}

/* Return: whether to go on. A signal ends the watch, as that of xl's daemon. */
static bool take_signals(struct clone_job *job)
{
	char byte;

	while (read(signal_pipe[0], &byte, 1) == 1) {
		if (!is_busy(job))
			return false;
		stop(job);
	}
	return true;
}

static int run(struct clone_job *job)
{
	struct pollfd fds[2] = { { .fd = signal_pipe[0], .events = POLLIN }, { .events = POLLIN } };
	bool background = false;

	for (;;) {
		while (background && clone_pool_wants(job))
			reserve_one(job);
		if (!job->stopped)
			begin_more(job);
		if (!background && !is_busy(job)) {
			go_to_background(job);
			background = true;
		}
		fds[1].fd = background ? job->pool.listen : -1;
		if (!job->clones && fds[1].fd < 0)
			return 0;
		if (job->xen->wait(job->host, fds, 2, fds[1].fd < 0 ? -1 : POOL_LOOKS_MS))
			return -1;
		if (fds[0].revents && !take_signals(job))
			return 0;
		if (fds[1].revents)
			clone_pool_accept(job);
		clone_pool_shrink(job);
	}
}

static int set_environment(const struct clone_job *job)
{
	char helper[PATH_MAX], text[PATH_MAX + 16];
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	const unsigned int at_once = job->options->parallel < job->options->count ?
				     job->options->parallel : job->options->count;
	const long threads = at_once && cpus / at_once > 1 ? cpus / at_once : 1;

	if (host_find_helper(helper))
		return -1;
	if (job->image->plan_fd >= 0) {
		snprintf(text, sizeof(text), "/proc/%d/fd/%d", getpid(), job->image->plan_fd);
		setenv(ENV_PLAN, text, 1);
	}
	snprintf(text, sizeof(text), "%ld",
		 threads < (long)MAX_THREADS ? threads : (long)MAX_THREADS);
	setenv(ENV_THREADS, text, 0);
	if (!env_stats()) {
		snprintf(text, sizeof(text), "%s/" CLONE_JOB_STATS, job->dir.path);
		setenv(ENV_STATS, text, 1);
	}
	/* The job verified the file, and drops it from the page cache after the last clone. */
	setenv(ENV_CACHE, "keep", 1);
	unsetenv(ENV_VERIFY);
	unsetenv(ENV_PROGRESS);
	return setenv("LIBXL_SAVE_HELPER", helper, 1);
}

/* The statistics may be in a file that has some already. */
static void find_stats_end(struct clone_job *job)
{
	struct stat st;

	if (!stat(env_stats(), &st))
		job->stats_at = st.st_size;
}

static int run_job(struct clone_job *job)
{
	static const struct clone_user user = { .log = log_line, .news = clone_news };
	int ret = -1;

	if (catch_signals()) {
		message("cannot make a pipe: %s", strerror(errno));
		return -1;
	}
	job->host = job->xen->open(&user);
	if (!job->host || reserve(job))
		return -1;
	if (!set_environment(job) && (!job->options->ahead || !clone_pool_open(job))) {
		find_stats_end(job);
		ret = run(job);
	}
	clone_job_remove(&job->dir);
	return ret;
}

pid_t clone_job_start(struct clone_job *job, int *report)
{
	int fds[2], null;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC)) {
		message("cannot make a pipe: %s", strerror(errno));
		return -1;
	}
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		message("cannot start a process: %s", strerror(errno));
	if (pid) {
		close(fds[1]);
		*report = fds[0];
		return pid;
	}
	close(fds[0]);
	job->report = fds[1];
	job->dir.lock = -1;
	job->pool.listen = -1;
	/* The terminal's signals are for the command. */
	setsid();
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	_exit(run_job(job) ? 1 : 0);
}
