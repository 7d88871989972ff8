// SPDX-License-Identifier: GPL-2.0

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message.h"
#include "stock.h"

volatile int stock_interrupted;
static volatile pid_t stock_pid;
static int stock_fd = -1;	/* pidfd of stock_pid */
static bool keeps_sigterm;

/* The signals as libxl set them for us: the stock helper gets the same. */
static struct {
	bool known;
	struct sigaction sigpipe;
	struct sigaction sigchld;
	sigset_t mask;
} before;

static void restore_signals(void)
{
	if (!before.known)
		return;
	sigaction(SIGPIPE, &before.sigpipe, NULL);
	sigaction(SIGCHLD, &before.sigchld, NULL);
	sigprocmask(SIG_SETMASK, &before.mask, NULL);
}

static void remember_signals(void)
{
	if (before.known)
		return;
	before.known = true;
	sigaction(SIGPIPE, NULL, &before.sigpipe);
	sigaction(SIGCHLD, NULL, &before.sigchld);
	sigprocmask(SIG_SETMASK, NULL, &before.mask);
}

static void run(const char *path, char **argv)
{
	execv(path, argv);
	message("cannot run %s: %s", path, strerror(errno));
}

void stock_exec(const char *path, char **argv)
{
	restore_signals();
	run(path, argv);
}

static void on_sigterm(int sig)
{
	int err = errno;

	stock_interrupted = sig;
	if (stock_pid > 0 && !keeps_sigterm)
		kill(stock_pid, sig);
	errno = err;
}

static void handle_sigterm(void (*handler)(int))
{
	/* No SA_RESTART: the calls of a fill have to return. */
	struct sigaction sa = { .sa_handler = handler };
	sigset_t set;

	sigemptyset(&sa.sa_mask);
	sigaction(SIGTERM, &sa, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void stock_keep_sigterm(void)
{
	keeps_sigterm = true;
}

static void become_child(pid_t parent, const char *path, char **argv,
			 int io_fd, int stream, void (*prepare)(void *arg),
			 void *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	handle_sigterm(SIG_DFL);
	restore_signals();
	if (stream >= 0 && dup2(stream, io_fd) < 0) {
		message("dup2: %s", strerror(errno));
		_exit(1);
	}
	if (prepare)
		prepare(arg);
	run(path, argv);
	_exit(1);
}

int stock_spawn(const char *path, char **argv, int io_fd, int stream,
		void (*prepare)(void *arg), void *arg)
{
	sigset_t set, old;
	pid_t parent = getpid();
	pid_t pid;

	remember_signals();
	/* Before stock_pid is set, a SIGTERM would not be passed on. */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &old);
	/* A helper that ends early shows as EPIPE. */
	signal(SIGPIPE, SIG_IGN);
	/* If it is ignored, there is no status to wait for. */
	signal(SIGCHLD, SIG_DFL);

	pid = fork();
	if (!pid)
		become_child(parent, path, argv, io_fd, stream, prepare,
			     arg);
	if (pid < 0) {
		message("cannot start %s: %s", path, strerror(errno));
		sigprocmask(SIG_SETMASK, &old, NULL);
		return -1;
	}
	stock_pid = pid;
	/* By its number: C libraries are younger than the system call. */
	stock_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	handle_sigterm(on_sigterm);
	if (stock_fd < 0) {
		message("cannot watch the stock helper: %s", strerror(errno));
		stock_kill();
		return -1;
	}
	return 0;
}

int stock_pidfd(void)
{
	return stock_fd;
}

bool stock_ended_within(int ms)
{
	struct pollfd p = { .fd = stock_fd, .events = POLLIN };

	return poll(&p, 1, ms) > 0;
}

void stock_kill(void)
{
	kill(stock_pid, SIGKILL);
	stock_wait();
}

int stock_wait(void)
{
	int status;

	while (waitpid(stock_pid, &status, 0) < 0) {
		if (errno == EINTR)
			continue;
		message("cannot wait for the stock helper: %s",
			strerror(errno));
		status = STATUS_FAILED;
		break;
	}
	stock_pid = 0;
	close(stock_fd);
	stock_fd = -1;
	return status;
}

int stock_exit_like(int status)
{
	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	signal(WTERMSIG(status), SIG_DFL);
	raise(WTERMSIG(status));
	return 1;
}
