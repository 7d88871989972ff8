// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message.h"
#include "xl_config.h"

extern char **environ;

/* A real configuration has some KiB. */
#define CONFIG_MAX	(16U << 20)

/* xl create --dryrun only prints what it would make. Return: its exit status, or -1. */
static int run_xl(const char *path, int out)
{
	const char *argv[6] = { "xl", "create", "-q", "-n", path, NULL };
	posix_spawn_file_actions_t actions;
	int status, err;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	err = posix_spawnp(&pid, "xl", &actions, NULL, (char **)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err) {
		message("cannot run xl: %s", strerror(err));
		return -1;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

/* Return: all of a file, for free(); or NULL after a message. */
static char *read_all(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text = NULL;
	ssize_t n = -1;

	if (size > 0 && size <= CONFIG_MAX)
		text = calloc(1, (size_t)size + 1);
	if (text)
		n = pread(fd, text, (size_t)size, 0);
	if (n == size)
		return text;
	message("cannot read what xl printed");
	free(text);
	return NULL;
}

static char *parse(const char *path, const char *name)
{
	int out = memfd_create("config", MFD_CLOEXEC);
	char *json = NULL;

	if (out < 0) {
		message("no memory: %s", strerror(errno));
		return NULL;
	}
	switch (run_xl(path, out)) {
	case 0:
		json = read_all(out);
		break;
	case -1:
		break;
	default:
		message("%s: xl does not take it: its own message above is the cause", name);
	}
	close(out);
	return json;
}

char *xl_config_from_file(const char *path)
{
	if (!access(path, R_OK))
		return parse(path, path);
	message("%s: %s", path, strerror(errno));
	return NULL;
}

char *xl_config_from_text(const char *text)
{
	/* xl inherits the descriptor. */
	int fd = memfd_create("config", 0);
	size_t len = strlen(text);
	char path[32], *json = NULL;

	if (fd < 0 || write(fd, text, len) != (ssize_t)len) {
		message("no memory for the configuration: %s", strerror(errno));
	} else {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		json = parse(path, "the saved configuration");
	}
	if (fd >= 0)
		close(fd);
	return json;
}
