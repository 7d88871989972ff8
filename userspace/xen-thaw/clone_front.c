// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include "clone_front.h"
#include "command.h"
#include "message.h"
#include "output.h"
#include "progress.h"

static volatile sig_atomic_t job_pid;

static void pass_on(int number)
{
	const int err = errno;

	(void)number;
	kill(job_pid, SIGINT);
	errno = err;
}

void clone_front_catch(pid_t job)
{
	struct sigaction action = { .sa_handler = pass_on, .sa_flags = SA_RESTART };

	job_pid = job;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) : "";
}

static double number_of(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_double(v) : 0;
}

/* A clone that failed has a message of the job's. */
static void print_clone(struct json_object *o)
{
	struct json_object *macs, *ms = NULL;
	size_t i;

	if (strcmp(text_of(o, "result"), "ok"))
		return;
	progress_clear();
	json_object_object_get_ex(o, "ms", &ms);
	output_plain(text_of(o, "name"));
	printf(": domain %s", text_of(o, "domid"));
	if (json_object_object_get_ex(o, "macs", &macs))
		for (i = 0; i < json_object_array_length(macs); i++)
			printf(", %s", json_object_get_string(json_object_array_get_idx(macs, i)));
	printf(", after %.0f ms\n", number_of(ms, "all"));
	fflush(stdout);
}

/* Return: whether the line is the last one; then @failed says whether a clone failed. */
static bool take_line(const char *line, bool json, uint64_t pages, bool *failed)
{
	struct json_object *o = json_tokener_parse(line);
	bool last = json_object_object_get_ex(o, "made", NULL);

	if (last) {
		*failed = number_of(o, "failed") > 0;
	} else if (json) {
		progress_clear();
		fputs(line, stdout);
		fflush(stdout);
	} else {
		print_clone(o);
	}
	if (!last)
		progress_add(pages);
	json_object_put(o);
	return last;
}

/* The job ended before it had done its work. */
static void say_why(pid_t job)
{
	int status;

	if (waitpid(job, &status, 0) == job && WIFSIGNALED(status))
		message("the job was ended by signal %d (%s): xen-thaw clones --clean removes what it left",
			WTERMSIG(status), strsignal(WTERMSIG(status)));
}

int clone_front(pid_t job, int report, bool json, unsigned int count, uint64_t pages)
{
	FILE *f = fdopen(report, "r");
	bool done = false, failed = false;
	char *line = NULL;
	size_t room = 0;

	if (!f) {
		message("no memory");
		close(report);
		return EXIT_FAILED;
	}
	progress_title("cloning");
	progress_start(pages * count);
	while (!done && getline(&line, &room, f) > 0)
		done = take_line(line, json, pages, &failed);
	progress_clear();
	free(line);
	fclose(f);
	if (!done)
		say_why(job);
	return done && !failed ? EXIT_OK : EXIT_FAILED;
}
