// SPDX-License-Identifier: GPL-2.0
/* xen-thaw doctor: whether this host is set up, and whether a file would restore here. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <json-c/json.h>

#include "command.h"
#include "doctor.h"
#include "output.h"

static const char help[] =
	"usage: xen-thaw doctor [OPTION]... [FILE]\n"
	"\n"
	"Says whether this dom0 is set up for fast restores, and what to do if not; with\n"
	"FILE, also whether that save file would restore here. It changes nothing.\n"
	"\n"
	"  -j, --json  print JSON\n"
	"  -h, --help  show this text\n"
	"\n"
	"Each line says ok, todo, or note: a choice, or what cannot be seen.\n"
	"Exit codes: 0 nothing to do, 1 something is, 2 wrong arguments.\n";

static const char * const state_name[] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_NOTE] = "note",
	[DOCTOR_TODO] = "todo",
};

static void print_text(const struct doctor *d)
{
	const struct doctor_line *line;

	for (line = d->line; line < d->line + d->nr; line++) {
		printf("%-5s %-13s ", state_name[line->state], line->name);
		output_plain(line->text ? line->text : "no memory");
		putchar('\n');
		if (!line->advice)
			continue;
		printf("%20s-> ", "");
		output_plain(line->advice);
		putchar('\n');
	}
}

static void print_json(const struct doctor *d, bool ready)
{
	struct json_object *top = json_object_new_object();
	struct json_object *checks = json_object_new_array();
	const struct doctor_line *line;
	struct json_object *one;

	json_add_bool(top, "ready", ready);
	for (line = d->line; line < d->line + d->nr; line++) {
		one = json_object_new_object();
		json_add_text(one, "name", line->name);
		json_add_text(one, "state", state_name[line->state]);
		json_add_text(one, "text", line->text);
		json_add_text(one, "advice", line->advice);
		json_object_array_add(checks, one);
	}
	json_object_object_add(top, "checks", checks);
	json_print(top);
}

static bool is_ready(const struct doctor *d)
{
	size_t i;

	for (i = 0; i < d->nr; i++)
		if (d->line[i].state == DOCTOR_TODO)
			return false;
	return true;
}

static int examine(const char *path, bool json)
{
	static struct doctor d;
	bool ready;

	doctor_check_host(&d);
	doctor_check_module(&d);
	doctor_check_users(&d);
	if (path)
		doctor_check_file(&d, path);
	ready = is_ready(&d);
	if (json)
		print_json(&d, ready);
	else
		print_text(&d);
	doctor_free(&d);
	return ready ? EXIT_OK : EXIT_FAILED;
}

static void take(void *arg, int option)
{
	bool *json = arg;

	if (option == 'j')
		*json = true;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 }
	};
	static const char * const operands[] = { "[FILE]", NULL };
	static const struct syntax syntax = { "hj", options, take, operands };
	bool json = false;
	int ret = command_parse(&command_doctor, argc, argv, &syntax, &json);

	if (ret != GO_ON)
		return ret;
	return examine(optind < argc ? argv[optind] : NULL, json);
}

const struct command command_doctor = {
	.name = "doctor",
	.summary = "say whether this host is set up, and a file would restore",
	.help = help,
	.run = run,
};
