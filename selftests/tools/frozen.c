// SPDX-License-Identifier: GPL-2.0
/*
 * frozen DOMID COMMAND...: runs a command, and prints for how many seconds the domain was
 * suspended meanwhile. It looks every few milliseconds. What the command prints goes to
 * stderr. Ends as the command does.
 */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xenctrl.h>

#define EVERY_NS	4000000

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static bool is_suspended(xc_interface *xch, uint32_t domid)
{
	xc_domaininfo_t info;

	if (xc_domain_getinfolist(xch, domid, 1, &info) != 1 || info.domain != domid)
		return false;
	return (info.flags & XEN_DOMINF_shutdown) && !(info.flags & XEN_DOMINF_dying) &&
	       ((info.flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask) ==
	       SHUTDOWN_suspend;
}

int main(int argc, char **argv)
{
	const struct timespec a_bit = { .tv_nsec = EVERY_NS };
	double since = 0, sum = 0;
	xc_interface *xch;
	uint32_t domid;
	int status = 0;
	pid_t pid;

	if (argc < 3)
		errx(2, "usage: frozen DOMID COMMAND...");
	domid = strtoul(argv[1], NULL, 10);
	xch = xc_interface_open(NULL, NULL, 0);
	if (!xch)
		err(2, "xc_interface_open");
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (!pid) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execvp(argv[2], argv + 2);
		err(127, "%s", argv[2]);
	}
	while (waitpid(pid, &status, WNOHANG) != pid) {
		bool suspended = is_suspended(xch, domid);

		if (suspended && !since)
			since = now();
		if (!suspended && since) {
			sum += now() - since;
			since = 0;
		}
		nanosleep(&a_bit, NULL);
	}
	if (since)
		sum += now() - since;
	printf("%.3f\n", sum);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
