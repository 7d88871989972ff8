/* SPDX-License-Identifier: GPL-2.0 */
/* The command that began a job: it shows what becomes of the clones. */
#ifndef XEN_THAW_CLONE_FRONT_H
#define XEN_THAW_CLONE_FRONT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * clone_front_catch() - from now on SIGINT, SIGTERM and SIGHUP end the making of clones
 * @job: its process
 */
void clone_front_catch(pid_t job);

/**
 * clone_front() - show reports until the job has made all clones
 * @job: its process
 * @report: to read from; closed
 * @json: print the lines as they are
 * @count: clones
 * @pages: of each, for the progress bar; 0: there is none
 *
 * Return: an exit code.
 */
int clone_front(pid_t job, int report, bool json, unsigned int count, uint64_t pages);

#endif /* XEN_THAW_CLONE_FRONT_H */
