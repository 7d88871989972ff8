/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is known of clones beyond the life of a process: a directory for each job, with a
 * record for each clone, written before anything of the clone is made, and removed after
 * all of it is gone. The process that watches a job's clones holds its lock.
 */
#ifndef XEN_THAW_CLONE_STATE_H
#define XEN_THAW_CLONE_STATE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "clone_config.h"

/*
 * Files of a job besides its records: statistics of its helpers; where the job of a pool
 * listens, and a link to its image.
 */
#define CLONE_JOB_STATS		"stats"
#define CLONE_JOB_SOCKET	"socket"
#define CLONE_JOB_IMAGE		"image"

/**
 * struct clone_record - what is known of a clone
 * @name: of its domain
 * @uuid: of its domain
 * @macs: of its interfaces
 * @nr_macs: in @macs
 * @overlays: what was made for it, in the order in which it was: strings of
 *	clone_overlay.h
 * @nr_overlays: in @overlays
 * @whole: it was made completely
 * @pooled: it waits in a pool
 */
struct clone_record {
	char name[CLONE_NAME_MAX];
	char uuid[CLONE_UUID_SIZE];
	uint8_t macs[CLONE_NICS][6];
	unsigned int nr_macs;
	char *overlays[CLONE_DISKS];
	unsigned int nr_overlays;
	bool whole;
	bool pooled;
};

/**
 * struct clone_job_dir - the directory of a job
 * @path: of it
 * @lock: held, or -1
 */
struct clone_job_dir {
	char path[PATH_MAX];
	int lock;
};

/**
 * struct clone_entry - a record that clone_state_walk() found
 * @job: path of the job's directory
 * @alive: a process watches the clones of the job
 * @pid: of that process; 0: not known
 * @record: of the clone
 */
struct clone_entry {
	const char *job;
	bool alive;
	pid_t pid;
	struct clone_record record;
};

void clone_record_free(struct clone_record *r);

/**
 * clone_state_lock() - keep other jobs from choosing names
 *
 * Return: a descriptor to close, or -1 after a message.
 */
int clone_state_lock(void);

/**
 * clone_job_create() - make a directory for a job of this process, and lock it
 * @dir: filled in
 *
 * clone_state_lock() has to be held, as for clone_state_sweep().
 *
 * Return: 0, or -1 after a message.
 */
int clone_job_create(struct clone_job_dir *dir);

/**
 * clone_job_remove() - remove a job's directory, and give its lock back
 * @dir: of the job; with records in it, it stays
 */
void clone_job_remove(struct clone_job_dir *dir);

/**
 * clone_record_write() - write a record anew, as a whole
 * @job: path of the job's directory
 * @r: the record
 *
 * Return: 0, or -1 after a message.
 */
int clone_record_write(const char *job, const struct clone_record *r);

/**
 * clone_record_remove() - forget a clone
 * @job: path of the job's directory
 * @uuid: of the clone
 */
void clone_record_remove(const char *job, const char *uuid);

/**
 * clone_state_walk() - call a function for each record
 * @fn: may remove the record
 * @arg: for @fn
 *
 * Records that cannot be read are reported and left out.
 *
 * Return: 0, or -1 after a message.
 */
int clone_state_walk(void (*fn)(void *arg, struct clone_entry *entry), void *arg);

/**
 * clone_state_jobs() - call a function for each job
 * @fn: called with the path of its directory
 * @arg: for @fn
 *
 * Return: 0, or -1 after a message.
 */
int clone_state_jobs(void (*fn)(const char *path, void *arg), void *arg);

/**
 * clone_state_sweep() - remove directories of dead jobs that have no record left
 */
void clone_state_sweep(void);

#endif /* XEN_THAW_CLONE_STATE_H */
