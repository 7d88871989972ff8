// SPDX-License-Identifier: GPL-2.0

#include <stdbool.h>
#include <stdio.h>

#include "env.h"
#include "progress.h"

#define WIDTH	50U

static uint64_t total_units, done_units;
static bool enabled, shown;
static const char *bar_title = "restoring";

static void draw(void)
{
	static const char bar[WIDTH + 1] =
		"##################################################";
	unsigned int filled = WIDTH * done_units / total_units;

	fprintf(stderr, "\r%s [%-*.*s] %3u%%", bar_title, (int)WIDTH,
		(int)filled, bar,
		(unsigned int)(100 * done_units / total_units));
	shown = true;
}

void progress_title(const char *title)
{
	bar_title = title;
}

void progress_start(uint64_t total)
{
	enabled = env_progress() && total;
	total_units = total;
	done_units = 0;
	if (enabled)
		draw();
}

void progress_add(uint64_t units)
{
	done_units += units;
	if (enabled)
		draw();
}

void progress_clear(void)
{
	if (shown)
		fprintf(stderr, "\r%*s\r", (int)WIDTH + 20, "");
	shown = false;
}
