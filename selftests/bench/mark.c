// SPDX-License-Identifier: GPL-2.0
/*
 * mark ARGUMENT...: replaces a helper. Runs BENCH_HELPER with the same arguments,
 * and tells insns.c when it begins and when it has ended.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* nopl 0x746e6578(%rax): it does nothing, and no compiler generates it. */
static void mark(void)
{
	asm volatile(".byte 0x0f, 0x1f, 0x80, 0x78, 0x65, 0x6e, 0x74");
}

int main(int argc, char **argv)
{
	char *helper = getenv("BENCH_HELPER");
	int status;
	pid_t pid;

	if (argc < 2 || !helper)
		errx(2, "usage: BENCH_HELPER=PROGRAM mark ARGUMENT...");
	mark();
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		execv(helper, argv);
		err(1, "%s", helper);
	}
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	mark();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
