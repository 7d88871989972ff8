// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <json-c/json.h>

#include "clock.h"
#include "clone_job.h"
#include "clone_pool.h"
#include "clone_report.h"
#include "clone_xen.h"
#include "message.h"
#include "output.h"

/* Seconds until another clone is made after one could not. */
#define RETRY		30

/* What a clone takes besides its pages, in KiB: tables of Xen, and the like. */
#define EXTRA_KIB	4096U

static int fail(const char *what)
{
	message("%s: %s", what, strerror(errno));
	return -1;
}

int clone_pool_open(struct clone_job *job)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char link[PATH_MAX];
	int fd;

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s/" CLONE_JOB_SOCKET,
		     job->dir.path) >= (int)sizeof(address.sun_path) ||
	    snprintf(link, sizeof(link), "%s/" CLONE_JOB_IMAGE, job->dir.path) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return fail(job->dir.path);
	}
	if (symlink(job->image->path, link))
		return fail(link);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail("cannot make a socket");
	/* The directory is root's alone. */
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(fd, CLONE_POOL_WAITING)) {
		close(fd);
		return fail(address.sun_path);
	}
	job->pool.listen = fd;
	return 0;
}

static bool is_ready(const struct clone *c)
{
	return c->step == CLONE_LIVES && c->record.pooled;
}

static struct clone *find_ready(const struct clone_job *job)
{
	struct clone *c = job->clones;

	while (c && !is_ready(c))
		c = c->next;
	return c;
}

/* Those that are ready, and those that will be. */
static unsigned int count_pooled(const struct clone_job *job)
{
	const struct clone *c;
	unsigned int nr = 0;

	for (c = job->clones; c; c = c->next)
		nr += c->record.pooled;
	return nr;
}

static int64_t clone_kib(const struct clone_job *job)
{
	return (int64_t)job->image->pages * (XT_PAGE_SIZE / 1024) + EXTRA_KIB;
}

bool clone_pool_wants(struct clone_job *job)
{
	const int64_t spare = (int64_t)job->options->spare_mib * 1024;
	int64_t available;

	if (job->pool.listen < 0 || job->stopped || clock_now() < job->pool.retry ||
	    count_pooled(job) >= job->options->ahead + job->pool.nr_waiting)
		return false;
	available = job->xen->free_memory(job->host);
	if (available >= 0 && available < spare + clone_kib(job)) {
		if (!job->pool.low)
			message("Xen has %lld MiB left: no more clones are made ahead until there are %lld",
				(long long)available / 1024,
				(long long)(spare + clone_kib(job)) / 1024);
		job->pool.low = true;
		return false;
	}
	job->pool.low = false;
	return true;
}

void clone_pool_failed(struct clone_job *job)
{
	job->pool.retry = clock_now() + RETRY;
}

static void reply(int fd, struct json_object *o)
{
	char text[CLONE_POOL_REPLY];
	int len = snprintf(text, sizeof(text), "%s\n",
			   json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));

	/* Who asked may be gone; SIGPIPE is ignored. */
	if (len < (int)sizeof(text) && write(fd, text, (size_t)len) < len)
		message("nobody takes the answer: %s", strerror(errno));
	json_object_put(o);
	close(fd);
}

static void refuse(int fd, const char *why)
{
	struct json_object *o = json_object_new_object();

	json_add_text(o, "error", why);
	reply(fd, o);
}

static const char *rename_clone(struct clone *c, const char *name)
{
	if (!name[0])
		return NULL;
	if (c->job->xen->rename(c->guest, name))
		return "it could not be renamed: is the name taken?";
	snprintf(c->id.name, sizeof(c->id.name), "%s", name);
	snprintf(c->record.name, sizeof(c->record.name), "%s", name);
	return NULL;
}

/* It is nobody's any more but the caller's, before it runs. */
static void hand_out(struct clone *c, int fd, const char *name)
{
	struct clone_job *job = c->job;
	const char *why = rename_clone(c, name);

	if (why) {
		refuse(fd, why);
		return;
	}
	c->record.pooled = false;
	clone_record_write(job->dir.path, &c->record);
	if (job->xen->unpause(c->guest))
		refuse(fd, "it could not be unpaused");
	else
		reply(fd, clone_report_line(c, NULL));
}

/* A clone for somebody who gave up would run for nobody. */
static bool is_gone(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* The first that waits is served first. */
void clone_pool_ready(struct clone_job *job)
{
	struct clone_pool *p = &job->pool;
	struct clone *c;

	while (p->nr_waiting && (c = find_ready(job))) {
		if (is_gone(p->waiting[0]))
			close(p->waiting[0]);
		else
			hand_out(c, p->waiting[0], p->names[0]);
		p->nr_waiting--;
		memmove(p->waiting, p->waiting + 1, p->nr_waiting * sizeof(p->waiting[0]));
		memmove(p->names, p->names + 1, p->nr_waiting * sizeof(p->names[0]));
	}
}

static void take(struct clone_job *job, int fd, const char *name)
{
	struct clone_pool *p = &job->pool;
	struct clone *c = find_ready(job);
	const char *wrong = name[0] ? clone_name_check(name) : NULL;

	if (!wrong && clone_name_has_number(name))
		wrong = "a name has no number to be filled in";
	if (wrong) {
		refuse(fd, wrong);
	} else if (c) {
		hand_out(c, fd, name);
	} else if (p->low) {
		refuse(fd, "the pool is empty, and Xen has too little memory for another clone");
	} else if (p->nr_waiting == CLONE_POOL_WAITING) {
		refuse(fd, "the pool is empty, and too many wait: try again");
	} else {
		snprintf(p->names[p->nr_waiting], sizeof(p->names[0]), "%s", name);
		p->waiting[p->nr_waiting++] = fd;
	}
}

void clone_pool_stop(struct clone_job *job)
{
	struct clone_pool *p = &job->pool;
	struct clone *c;

	if (p->listen >= 0)
		close(p->listen);
	p->listen = -1;
	while (p->nr_waiting)
		refuse(p->waiting[--p->nr_waiting], "the pool was stopped");
	for (c = job->clones; c; c = c->next) {
		if (is_ready(c))
			job->xen->destroy(job->host, c->domid);
		else if (c->record.pooled && c->step == CLONE_BEGUN)
			job->xen->abort(c->guest);
	}
}

/* One line comes at once, or not at all. */
static int read_request(int fd, char text[CLONE_POOL_REQUEST])
{
	const struct timeval patience = { .tv_sec = 1 };
	ssize_t n;
	char *end;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	n = recv(fd, text, CLONE_POOL_REQUEST - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	end = strchr(text, '\n');
	if (!end)
		return -1;
	*end = '\0';
	return 0;
}

void clone_pool_accept(struct clone_job *job)
{
	int fd = accept4(job->pool.listen, NULL, NULL, SOCK_CLOEXEC);
	char text[CLONE_POOL_REQUEST];

	if (fd < 0)
		return;
	if (read_request(fd, text)) {
		close(fd);
	} else if (!strcmp(text, CLONE_POOL_STOP)) {
		clone_pool_stop(job);
		reply(fd, json_object_new_object());
	} else if (!strncmp(text, CLONE_POOL_TAKE " ", sizeof(CLONE_POOL_TAKE))) {
		take(job, fd, text + sizeof(CLONE_POOL_TAKE));
	} else {
		refuse(fd, "no such request");
	}
}

void clone_pool_shrink(struct clone_job *job)
{
	struct clone *c = job->pool.listen >= 0 ? find_ready(job) : NULL;
	int64_t available;

	if (!c)
		return;
	available = job->xen->free_memory(job->host);
	if (available < 0 || available >= (int64_t)job->options->spare_mib * 1024)
		return;
	message("Xen has %lld MiB left: %s is destroyed", (long long)available / 1024, c->id.name);
	job->xen->destroy(job->host, c->domid);
}
