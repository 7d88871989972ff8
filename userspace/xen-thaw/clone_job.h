/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A job of xen-thaw clone: a process of its own, which makes the clones of an image, and
 * watches them until the last is gone. It outlives the command that began it.
 */
#ifndef XEN_THAW_CLONE_JOB_H
#define XEN_THAW_CLONE_JOB_H

#include <stdbool.h>
#include <sys/types.h>

#include "clone_config.h"
#include "clone_identity.h"
#include "clone_image.h"
#include "clone_pool.h"
#include "clone_state.h"

struct clone_guest;
struct clone_host;
struct clone_xen;

/**
 * struct clone_options - what a user asks for
 * @count: clones
 * @pattern: of their names
 * @paused: they stay paused
 * @parallel: clones that are made at the same time
 * @ahead: clones that are kept ready in a pool; 0: there is no pool
 * @spare_mib: memory of Xen that a pool leaves free
 */
struct clone_options {
	unsigned int count;
	const char *pattern;
	bool paused;
	unsigned int parallel;
	unsigned int ahead;
	unsigned int spare_mib;
};

/**
 * enum clone_step - how far a clone is
 * @CLONE_WAITS: for its turn
 * @CLONE_BEGUN: it is being made
 * @CLONE_LIVES: it is there
 */
enum clone_step {
	CLONE_WAITS,
	CLONE_BEGUN,
	CLONE_LIVES,
};

/**
 * struct clone - a clone of a job
 * @next: of the job's
 * @job: of the clone
 * @id: what is its own
 * @record: of it, on disk
 * @guest: of the plugin; NULL while there is none
 * @domid: of its domain
 * @step: how far it is
 * @begun: when its turn came, seconds
 * @disks_done: when it had its overlays
 * @made: when it was whole
 */
struct clone {
	struct clone *next;
	struct clone_job *job;
	struct clone_identity id;
	struct clone_record record;
	struct clone_guest *guest;
	uint32_t domid;
	enum clone_step step;
	double begun;
	double disks_done;
	double made;
};

/**
 * struct clone_job - a job
 * @options: of the user
 * @image: opened
 * @config: of the image
 * @xen: the plugin
 * @host: of the plugin
 * @dir: of the job
 * @clones: all that wait, are made or live
 * @report: where clone_report.h writes to; -1 once nobody listens
 * @began: when the job began, seconds
 * @stats_at: statistics of helpers up to there were read
 * @number: of the next name
 * @made: clones that were made
 * @failed: clones that were not
 * @stopped: no more are made
 * @pool: that the job keeps
 */
struct clone_job {
	const struct clone_options *options;
	struct clone_image *image;
	struct clone_config *config;
	const struct clone_xen *xen;
	struct clone_host *host;
	struct clone_job_dir dir;
	struct clone *clones;
	int report;
	double began;
	off_t stats_at;
	unsigned int number;
	unsigned int made;
	unsigned int failed;
	bool stopped;
	struct clone_pool pool;
};

/**
 * clone_job_start() - begin a job in a process of its own
 * @job: options, image, config, xen and began are set
 * @report: out: to read reports from
 *
 * Return: the process, or -1 after a message.
 */
pid_t clone_job_start(struct clone_job *job, int *report);

#endif /* XEN_THAW_CLONE_JOB_H */
