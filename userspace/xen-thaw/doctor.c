// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctor.h"

/* More is no answer of a program that we run. */
#define MAX_OUTPUT	(1U << 20)

extern char **environ;

static char *format(const char *fmt, va_list ap)
{
	char *text;

	return vasprintf(&text, fmt, ap) < 0 ? NULL : text;
}

void doctor_say(struct doctor *d, const char *name, enum doctor_state state,
		const char *fmt, ...)
{
	struct doctor_line *line;
	va_list ap;

	/* A guest may have more disks than there are lines. */
	if (d->nr == DOCTOR_LINES)
		return;
	line = &d->line[d->nr++];
	va_start(ap, fmt);
	*line = (struct doctor_line){ name, state, format(fmt, ap), NULL };
	va_end(ap);
}

void doctor_advise(struct doctor *d, const char *fmt, ...)
{
	struct doctor_line *line = &d->line[d->nr - 1];
	va_list ap;

	if (line->advice)
		return;
	va_start(ap, fmt);
	line->advice = format(fmt, ap);
	va_end(ap);
}

void doctor_free(struct doctor *d)
{
	size_t i;

	for (i = 0; i < d->nr; i++) {
		free(d->line[i].text);
		free(d->line[i].advice);
	}
	d->nr = 0;
}

ssize_t doctor_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	text[0] = '\0';
	if (fd < 0)
		return -1;
	len = read(fd, text, size - 1);
	close(fd);
	if (len < 0)
		return -1;
	if (len && text[len - 1] == '\n')
		len--;
	text[len] = '\0';
	return len;
}

static pid_t start(const char * const argv[], int out)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int err;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
					 O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
					 O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	err = posix_spawnp(&pid, argv[0], &actions, NULL, (char **)argv,
			   environ);
	posix_spawn_file_actions_destroy(&actions);
	return err ? -1 : pid;
}

/* Return: all that is read, for free(); NULL without memory. */
static char *read_all(int fd)
{
	char *text = malloc(MAX_OUTPUT);
	size_t len = 0;
	ssize_t got = 1;

	if (!text)
		return NULL;
	while (len < MAX_OUTPUT - 1 && got > 0) {
		got = read(fd, text + len, MAX_OUTPUT - 1 - len);
		if (got > 0)
			len += (size_t)got;
		else if (got < 0 && errno == EINTR)
			got = 1;
	}
	text[len] = '\0';
	return text;
}

char *doctor_output(const char * const argv[])
{
	char *text = NULL;
	int pipes[2], status = -1;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC))
		return NULL;
	pid = start(argv, pipes[1]);
	close(pipes[1]);
	if (pid > 0) {
		text = read_all(pipes[0]);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	close(pipes[0]);
	if (status) {
		free(text);
		return NULL;
	}
	return text;
}
