// SPDX-License-Identifier: GPL-2.0

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "env.h"
#include "message.h"
#include "stock.h"

#define HELPER	"libxl-save-helper"

volatile int stock_interrupted;
static volatile pid_t stock_pid;

static int running_xen(const char *what)
{
	char path[64];
	int value = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/hypervisor/version/%s", what);
	f = fopen(path, "re");
	if (!f)
		return -1;
	if (fscanf(f, "%d", &value) != 1)
		value = -1;
	fclose(f);
	return value;
}

/* Running ourselves as the stock helper would never end. */
static bool is_ourselves(const char *path)
{
	struct stat self, other;

	return !stat("/proc/self/exe", &self) && !stat(path, &other) &&
	       self.st_dev == other.st_dev && self.st_ino == other.st_ino;
}

static const char *find_named(const char *path)
{
	if (access(path, X_OK)) {
		message(ENV_STOCK "=%s: %s", path, strerror(errno));
		return NULL;
	}
	if (is_ourselves(path)) {
		message(ENV_STOCK "=%s: this is xen-thaw-helper: name Xen's own",
			path);
		return NULL;
	}
	return path;
}

const char *stock_find(void)
{
	static char debian[64];
	const char * const places[] = {
		"/usr/libexec/xen/bin/" HELPER,
		"/usr/lib/xen/bin/" HELPER,
		debian,
	};
	const char *named = env_stock_helper();
	unsigned int i;

	if (named)
		return find_named(named);

	/* Debian installs one for each Xen version. */
	snprintf(debian, sizeof(debian), "/usr/lib/xen-%d.%d/bin/" HELPER,
		 running_xen("major"), running_xen("minor"));
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (!access(places[i], X_OK) && !is_ourselves(places[i]))
			return places[i];
	message("cannot find Xen's own " HELPER " in %s, %s or %s: set " ENV_STOCK,
		places[0], places[1], places[2]);
	return NULL;
}

void stock_exec(const char *path, char **argv)
{
	execv(path, argv);
	message("cannot run %s: %s", path, strerror(errno));
}

static void on_sigterm(int sig)
{
	int err = errno;

	stock_interrupted = sig;
	if (stock_pid > 0)
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

static void become_child(pid_t parent, const char *path, char **argv,
			 int io_fd, int stream, void (*prepare)(void *arg),
			 void *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	handle_sigterm(SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if (stream >= 0 && dup2(stream, io_fd) < 0) {
		message("dup2: %s", strerror(errno));
		_exit(1);
	}
	if (prepare)
		prepare(arg);
	stock_exec(path, argv);
	_exit(1);
}

int stock_spawn(const char *path, char **argv, int io_fd, int stream,
		void (*prepare)(void *arg), void *arg)
{
	sigset_t set, old;
	pid_t parent = getpid();
	pid_t pid;

	/* Until stock_pid is known a SIGTERM would not be passed on. */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &old);
	/* A helper that ends early shows as EPIPE. */
	signal(SIGPIPE, SIG_IGN);
	/* Ignored, it would leave no status to wait for. */
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
	handle_sigterm(on_sigterm);
	return 0;
}

bool stock_is_alive(void)
{
	siginfo_t info = { .si_pid = 0 };

	return !waitid(P_PID, stock_pid, &info, WEXITED | WNOHANG | WNOWAIT) &&
	       !info.si_pid;
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
