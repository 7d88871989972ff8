/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a job tells the command that began it: a line of JSON for each clone, and one at
 * the end of all.
 */
#ifndef XEN_THAW_CLONE_REPORT_H
#define XEN_THAW_CLONE_REPORT_H

struct clone;
struct clone_job;
struct json_object;

/**
 * clone_report() - tell that a clone was made, or not
 * @clone: the clone
 * @why: it was not made; NULL: it was
 */
void clone_report(struct clone *clone, const char *why);

/**
 * clone_report_line() - what is told of a clone
 * @clone: the clone
 * @why: as for clone_report()
 *
 * Return: for json_object_put().
 */
struct json_object *clone_report_line(struct clone *clone, const char *why);

/**
 * clone_report_end() - tell that no more clones are made
 * @job: the job
 */
void clone_report_end(struct clone_job *job);

#endif /* XEN_THAW_CLONE_REPORT_H */
