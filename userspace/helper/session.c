// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message.h"
#include "populate.h"
#include "session.h"
#include "stock.h"

/* A domain with more pages is not a new one: libxl creates it without any. */
#define NEW_DOMAIN_PAGES	1024

/* Populating gfns that are populated would take pages from a running guest. */
static int check_new(const struct restore *r)
{
	int64_t pages = xen_domain_pages(r->domid);

	if (pages >= 0 && pages <= NEW_DOMAIN_PAGES)
		return 0;
	if (pages < 0)
		message("domain %u: cannot tell how much memory it has: %s",
			r->domid, strerror(errno));
	else
		message("domain %u has %lld pages of memory: it is not a new one, and was left as it is",
			r->domid, (long long)pages);
	return -1;
}

int session_begin(struct restore *r, int *pipe_fd)
{
	int pipe_fds[2];
	int err;

	if (check_new(r))
		return STATUS_FAILED;
	if (r->pv && pv_share(r->pv)) {
		message("%s: no memory to share with the stock helper: %s",
			r->name, strerror(errno));
		return STATUS_FAILED;
	}
	if (pipe2(pipe_fds, O_CLOEXEC)) {
		message("%s: %s", r->name, strerror(errno));
		return STATUS_FAILED;
	}
	err = stock_spawn(r->stock, r->argv, r->io_fd, pipe_fds[0],
			  r->pv ? pv_prepare_child : NULL, r->pv);
	close(pipe_fds[0]);
	if (err) {
		close(pipe_fds[1]);
		return STATUS_FAILED;
	}
	if (r->pv && !pv_wait_hello(r->pv)) {
		stock_kill();
		close(pipe_fds[1]);
		/* The signal ended it, whether it has the library or not. */
		if (stock_interrupted)
			return stock_interrupted;
		message("%s: the stock helper does not take our library: handed to it whole",
			r->name);
		return RESTORE_HAND_OVER;
	}
	*pipe_fd = pipe_fds[1];
	return 0;
}

/*
 * After a failure the stock helper tells libxl and ends with 0. If it left bytes in
 * the pipe, it did not come to the END.
 */
static bool left_some(int pipe_fd)
{
	int bytes;

	return !ioctl(pipe_fd, FIONREAD, &bytes) && bytes;
}

static void say_stock_ended(const struct restore *r, int status)
{
	if (WIFSIGNALED(status))
		message("%s: the stock helper was ended by signal %d (%s)",
			r->name, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		message("%s: the stock helper gave up: its own message above is the cause",
			r->name);
}

int session_end(struct restore *r, int pipe_fd, int err)
{
	int status;

	if (err)
		close(pipe_fd);
	status = stock_wait();
	if (!err) {
		r->stock_ended = left_some(pipe_fd);
		close(pipe_fd);
	}
	if (stock_interrupted)
		return stock_interrupted;
	if (r->stock_ended)
		say_stock_ended(r, status);
	return err || r->stock_ended ? STATUS_FAILED : status;
}
