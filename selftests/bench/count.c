// SPDX-License-Identifier: GPL-2.0
/*
 * count ARGUMENT...: replaces a helper. Runs BENCH_HELPER with the same arguments,
 * and appends a line of JSON to the file BENCH_COUNTS for each process: system
 * calls, page faults, and peak memory. The processes stop at every system call, so
 * nothing can be timed meanwhile.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#include <json-c/json.h>

#define MAX_TASKS	64
#define OPTIONS		(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | \
			 PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
			 PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | \
			 PTRACE_O_EXITKILL)

/* Letter and number of the ioctl requests of the Xen devices. */
#define REQUEST(letter, nr)	((letter) << 8 | (nr))
#define REQUEST_OF(request)	((request) & 0xffff)
#define PRIVCMD_HYPERCALL	REQUEST('P', 0)
#define PRIVCMD_MMAPBATCH	REQUEST('P', 3)
#define PRIVCMD_MMAPBATCH_V2	REQUEST('P', 4)
#define GNTDEV_GRANT_COPY	REQUEST('G', 8)

struct process {
	pid_t pid;
	uint64_t syscalls;
	uint64_t hypercalls;
	uint64_t maps;
	uint64_t grant_copies;
};

/* Threads count for their process. */
static struct task {
	pid_t tid;
	struct process *process;
} tasks[MAX_TASKS];
static struct process processes[MAX_TASKS];

/* Return: the number after @key in a file of "key:\tnumber" lines. */
static long status_of(pid_t pid, const char *key)
{
	char path[64], line[256];
	long value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			value = atol(line + strlen(key));
	if (f)
		fclose(f);
	return value;
}

static void read_stat(pid_t pid, char name[16], uint64_t *faults)
{
	char path[64], line[512] = "", *end;
	unsigned long minor = 0, major = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f || !fgets(line, sizeof(line), f))
		err(1, "%s", path);
	fclose(f);
	/* pid (name) state ppid pgrp session tty tpgid flags minflt cminflt majflt */
	end = strrchr(line, ')');
	if (!end || sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %lu %*u %lu",
			   &minor, &major) != 2)
		errx(1, "%s: %s", path, line);
	*end = '\0';
	snprintf(name, 16, "%.15s", strchr(line, '(') + 1);
	*faults = minor + major;
}

static struct process *find_process(pid_t pid)
{
	unsigned int i;

	for (i = 0; i < MAX_TASKS && processes[i].pid; i++)
		if (processes[i].pid == pid)
			return &processes[i];
	if (i == MAX_TASKS)
		errx(1, "too many processes");
	processes[i].pid = pid;
	return &processes[i];
}

static struct task *find_task(pid_t tid)
{
	unsigned int i;

	for (i = 0; i < MAX_TASKS && tasks[i].tid; i++)
		if (tasks[i].tid == tid)
			return &tasks[i];
	if (i == MAX_TASKS)
		errx(1, "too many threads");
	tasks[i].tid = tid;
	tasks[i].process = find_process(status_of(tid, "Tgid:"));
	return &tasks[i];
}

static void on_syscall(pid_t tid)
{
	struct process *p = find_task(tid)->process;
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	p->syscalls++;
	if (info.entry.nr != SYS_ioctl)
		return;
	switch (REQUEST_OF(info.entry.args[1])) {
	case PRIVCMD_HYPERCALL:
		p->hypercalls++;
		break;
	case PRIVCMD_MMAPBATCH:
	case PRIVCMD_MMAPBATCH_V2:
		p->maps++;
		break;
	case GNTDEV_GRANT_COPY:
		p->grant_copies++;
		break;
	}
}

static void add(struct json_object *o, const char *key, uint64_t value)
{
	json_object_object_add(o, key, json_object_new_uint64(value));
}

/* At this point its memory is still there, and all its other threads are gone. */
static void on_exit_of(pid_t tid)
{
	const struct process *p = find_task(tid)->process;
	struct json_object *o;
	uint64_t faults;
	char name[16];
	FILE *f;

	if (p->pid != tid)
		return;
	read_stat(tid, name, &faults);
	o = json_object_new_object();
	json_object_object_add(o, "program", json_object_new_string(name));
	add(o, "syscalls", p->syscalls);
	add(o, "hypercall_ioctls", p->hypercalls);
	add(o, "map_ioctls", p->maps);
	add(o, "grant_copy_ioctls", p->grant_copies);
	add(o, "page_faults", faults);
	add(o, "peak_rss_kib", status_of(tid, "VmHWM:"));
	f = fopen(getenv("BENCH_COUNTS"), "ae");
	if (!f || fprintf(f, "%s\n", json_object_to_json_string(o)) < 0 ||
	    fclose(f))
		err(1, "BENCH_COUNTS");
	json_object_put(o);
}

/* Return: the signal to deliver to the task. */
static int on_stop(pid_t tid, int status)
{
	int sig = WSTOPSIG(status);

	if (sig == (SIGTRAP | 0x80)) {
		on_syscall(tid);
		return 0;
	}
	switch (status >> 16) {
	case 0:
		break;
	case PTRACE_EVENT_EXIT:
		on_exit_of(tid);
		return 0;
	default:
		return 0;
	}
	/* A new task begins with a stop that is not a signal. */
	if (sig == SIGSTOP) {
		find_task(tid);
		return 0;
	}
	return sig;
}

static int trace(pid_t child)
{
	int status, result = 1;
	pid_t tid;

	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
		errx(1, "it did not start");
	if (ptrace(PTRACE_SETOPTIONS, child, 0, OPTIONS))
		err(1, "PTRACE_SETOPTIONS");
	find_task(child);
	ptrace(PTRACE_SYSCALL, child, 0, 0);
	while ((tid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status))
			ptrace(PTRACE_SYSCALL, tid, 0, on_stop(tid, status));
		else if (tid == child)
			result = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	}
	return result;
}

int main(int argc, char **argv)
{
	char *helper = getenv("BENCH_HELPER");
	pid_t child;

	if (argc < 2 || !helper || !getenv("BENCH_COUNTS"))
		errx(2, "usage: BENCH_HELPER=PROGRAM BENCH_COUNTS=FILE count ARGUMENT...");
	child = fork();
	if (child < 0)
		err(1, "fork");
	if (!child) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execv(helper, argv);
		err(1, "%s", helper);
	}
	return trace(child);
}
