/* SPDX-License-Identifier: GPL-2.0 */
/* A progress bar on stderr. */
#ifndef XEN_THAW_PROGRESS_H
#define XEN_THAW_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * progress_enable() - whether there are bars at all
 * @on: false without a call
 */
void progress_enable(bool on);

/**
 * progress_start() - show a bar from now on, if bars are enabled
 * @total: pages in all
 */
void progress_start(uint64_t total);

/**
 * progress_title() - what the bar says it is about
 * @title: one word of up to 10 letters; "restoring" without a call
 */
void progress_title(const char *title);

/**
 * progress_add() - show that pages are done
 * @pages: since the last call; the bar is drawn ten times a second at most
 */
void progress_add(uint64_t pages);

/**
 * progress_clear() - take the bar away
 */
void progress_clear(void);

#endif /* XEN_THAW_PROGRESS_H */
