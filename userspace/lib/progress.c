// SPDX-License-Identifier: GPL-2.0
#include <stdbool.h>
#include <stdio.h>

#include "clock.h"
#include "progress.h"
#include "stream.h"

#define BAR		30U
#define LINE		79	/* columns that are cleared */
#define DRAW_EVERY	0.1	/* seconds */
#define MIB_PAGES	((1U << 20) / XT_PAGE_SIZE)

static uint64_t total_pages, done_pages;
static bool wanted, enabled, shown;
static const char *bar_title = "restoring";
static double started, drawn;

/* Rate and time left, once there is something to tell them from. */
static void draw_rate(double seconds)
{
	double rate = (double)done_pages / seconds;
	unsigned int left;

	if (!done_pages || seconds < DRAW_EVERY)
		return;
	left = (unsigned int)((double)(total_pages - done_pages) / rate + 0.5);
	fprintf(stderr, " %6.0f MiB/s %3u:%02u left", rate / MIB_PAGES,
		left / 60, left % 60);
}

static void draw(double time)
{
	static const char bar[BAR + 1] = "##############################";

	fprintf(stderr, "\r%s [%-*.*s] %3u%%", bar_title, (int)BAR,
		(int)(BAR * done_pages / total_pages), bar,
		(unsigned int)(100 * done_pages / total_pages));
	draw_rate(time - started);
	drawn = time;
	shown = true;
}

void progress_enable(bool on)
{
	wanted = on;
}

void progress_title(const char *title)
{
	bar_title = title;
}

void progress_start(uint64_t total)
{
	enabled = wanted && total;
	total_pages = total;
	done_pages = 0;
	started = clock_now();
	if (enabled)
		draw(started);
}

void progress_add(uint64_t pages)
{
	double time;

	done_pages += pages;
	if (done_pages > total_pages)
		done_pages = total_pages;
	if (!enabled)
		return;
	time = clock_now();
	if (time - drawn >= DRAW_EVERY || done_pages == total_pages)
		draw(time);
}

void progress_clear(void)
{
	if (shown)
		fprintf(stderr, "\r%*s\r", LINE, "");
	shown = false;
}
