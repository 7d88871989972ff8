// SPDX-License-Identifier: GPL-2.0
/* xen-thaw take: a clone from a pool. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <json-c/json.h>

#include "clone_names.h"
#include "clone_pool.h"
#include "clone_state.h"
#include "command.h"
#include "message.h"
#include "output.h"

static const char help[] =
	"usage: xen-thaw take [OPTION]... IMAGE\n"
	"\n"
	"Takes a clone from the pool that xen-thaw clone --ahead keeps of IMAGE: it\n"
	"gets a new name and runs, and another clone is made in its place. If none is\n"
	"ready, the command waits.\n"
	"\n"
	"      --name NAME  its name (default: the one that it has)\n"
	"  -j, --json       print a line of JSON\n"
	"      --stop       take none: end the pool, and destroy what nobody took\n"
	"  -h, --help       show this text\n"
	"\n"
	"Exit codes: 0 done, 1 it failed, 2 wrong arguments.\n";

struct request {
	const char *name;
	bool json;
	bool stop;
};

static void take(void *arg, int option)
{
	struct request *r = arg;

	switch (option) {
	case 'n':
		r->name = optarg;
		break;
	case 'j':
		r->json = true;
		break;
	case 's':
		r->stop = true;
		break;
	}
}

/**
 * struct search - for the pool of an image
 * @image: absolute path
 * @fd: connected; -1: not found yet
 */
struct search {
	char *image;
	int fd;
};

static bool is_of(const char *job, const char *image)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t n;

	if (snprintf(path, sizeof(path), "%s/" CLONE_JOB_IMAGE, job) >= PATH_MAX)
		return false;
	n = readlink(path, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	return !strcmp(target, image);
}

/* The socket of a job that is dead, or stopped its pool, refuses. */
static void try_job(const char *job, void *arg)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct search *s = arg;
	int fd;

	if (s->fd >= 0 || !is_of(job, s->image) ||
	    snprintf(address.sun_path, sizeof(address.sun_path), "%s/" CLONE_JOB_SOCKET, job) >=
	    (int)sizeof(address.sun_path))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || !connect(fd, (struct sockaddr *)&address, sizeof(address)))
		s->fd = fd;
	else
		close(fd);
}

/* Return: a connection, or -1 after a message. */
static int find_pool(const char *image)
{
	struct search s = { .image = realpath(image, NULL), .fd = -1 };

	if (!s.image) {
		message("%s: %s", image, strerror(errno));
		return -1;
	}
	if (!clone_state_jobs(try_job, &s) && s.fd < 0)
		message("%s: there is no pool of it: xen-thaw clone --ahead makes one", image);
	free(s.image);
	return s.fd;
}

/* Return: the answer, for json_object_put(); or NULL after a message. */
static struct json_object *ask(int fd, const struct request *r)
{
	char text[CLONE_POOL_REPLY];
	struct json_object *o;
	FILE *f;
	int ret = r->stop ? dprintf(fd, CLONE_POOL_STOP "\n") :
			    dprintf(fd, CLONE_POOL_TAKE " %s\n", r->name ? r->name : "");

	f = ret > 0 ? fdopen(fd, "r") : NULL;
	if (!f || !fgets(text, sizeof(text), f))
		text[0] = '\0';
	if (f)
		fclose(f);
	else
		close(fd);
	o = json_tokener_parse(text);
	if (!o)
		message("the job of the pool does not answer: see xen-thaw clones");
	return o;
}

static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) : "";
}

static int show(struct json_object *o, const struct request *r)
{
	if (json_object_object_get_ex(o, "error", NULL)) {
		message("%s", text_of(o, "error"));
		return EXIT_FAILED;
	}
	if (r->stop)
		return EXIT_OK;
	if (r->json) {
		puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
		return EXIT_OK;
	}
	output_plain(text_of(o, "name"));
	printf(": domain %s\n", text_of(o, "domid"));
	return EXIT_OK;
}

static int check_name(const struct request *r)
{
	const char *wrong = r->name ? clone_name_check(r->name) : NULL;

	if (!wrong && r->name && clone_name_has_number(r->name))
		wrong = "a name has no number to be filled in";
	if (!wrong)
		return 0;
	message("--name %s: %s", r->name, wrong);
	return -1;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "name", required_argument, NULL, 'n' },
		{ "stop", no_argument, NULL, 's' },
		{ 0 }
	};
	static const char * const operands[] = { "IMAGE", NULL };
	static const struct syntax syntax = { "hj", options, take, operands };
	struct json_object *answer;
	struct request r = { 0 };
	int ret = command_parse(&command_take, argc, argv, &syntax, &r), fd;

	if (ret != GO_ON)
		return ret;
	if (check_name(&r))
		return command_usage(&command_take);
	fd = find_pool(argv[argc - 1]);
	if (fd < 0)
		return EXIT_FAILED;
	answer = ask(fd, &r);
	ret = answer ? show(answer, &r) : EXIT_FAILED;
	json_object_put(answer);
	return ret;
}

const struct command command_take = {
	.name = "take",
	.summary = "take a clone that was made ahead",
	.help = help,
	.run = run,
};
