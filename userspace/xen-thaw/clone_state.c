// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "clone_state.h"
#include "message.h"

/* On disk, because overlays outlive a crash of the host. Tests have another. */
#ifndef CLONE_STATE
#define CLONE_STATE	"/var/lib/xen-thaw/clones"
#endif

#define JOB_PREFIX	"job."
#define RECORD_SUFFIX	".json"

void clone_record_free(struct clone_record *r)
{
	while (r->nr_overlays)
		free(r->overlays[--r->nr_overlays]);
}

static int make_dirs(void)
{
	char path[] = CLONE_STATE, *slash = path;

	while ((slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			goto fail;
		*slash = '/';
	}
	if (!mkdir(path, 0700) || errno == EEXIST)
		return 0;
fail:
	message("cannot make the directory %s: %s", path, strerror(errno));
	return -1;
}

/* Waits, unless @how has LOCK_NB. Return: -1 with errno set. */
static int open_lock(const char *path, int how)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), err;

	if (fd < 0)
		return -1;
	while (flock(fd, how)) {
		if (errno == EINTR)
			continue;
		err = errno;
		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

int clone_state_lock(void)
{
	int fd;

	if (make_dirs())
		return -1;
	fd = open_lock(CLONE_STATE "/lock", LOCK_EX);
	if (fd < 0)
		message("cannot lock " CLONE_STATE "/lock: %s", strerror(errno));
	return fd;
}

static int lock_path(const char *job, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/lock", job) < PATH_MAX ? 0 : -1;
}

int clone_job_create(struct clone_job_dir *dir)
{
	char path[PATH_MAX];

	dir->lock = -1;
	strcpy(dir->path, CLONE_STATE "/" JOB_PREFIX "XXXXXX");
	if (make_dirs())
		return -1;
	if (!mkdtemp(dir->path)) {
		message("cannot make a directory in " CLONE_STATE ": %s", strerror(errno));
		return -1;
	}
	if (!lock_path(dir->path, path))
		dir->lock = open_lock(path, LOCK_EX | LOCK_NB);
	if (dir->lock >= 0 && dprintf(dir->lock, "%d\n", getpid()) > 0)
		return 0;
	message("cannot lock %s: %s", dir->path, strerror(errno));
	clone_job_remove(dir);
	return -1;
}

static bool ends_with(const char *name, const char *suffix)
{
	size_t n = strlen(name), s = strlen(suffix);

	return n > s && !strcmp(name + n - s, suffix);
}

static bool has_records(const char *job)
{
	DIR *d = opendir(job);
	const struct dirent *e;
	bool found = false;

	if (!d)
		return false;
	while ((e = readdir(d)))
		found |= ends_with(e->d_name, RECORD_SUFFIX);
	closedir(d);
	return found;
}

/* All but records that a job may leave; the directory goes with the last of them. */
static void remove_files(const char *job)
{
	static const char * const names[] = { CLONE_JOB_STATS, CLONE_JOB_SOCKET, CLONE_JOB_IMAGE,
		"lock" };
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (snprintf(path, sizeof(path), "%s/%s", job, names[i]) < PATH_MAX)
			unlink(path);
	if (rmdir(job) && errno != ENOENT)
		message("cannot remove %s: %s", job, strerror(errno));
}

/* The lock is given back last, so that nobody else removes it, too. */
void clone_job_remove(struct clone_job_dir *dir)
{
	if (!has_records(dir->path))
		remove_files(dir->path);
	if (dir->lock >= 0)
		close(dir->lock);
	dir->lock = -1;
}

static struct json_object *to_json(const struct clone_record *r)
{
	struct json_object *o = json_object_new_object();
	struct json_object *macs = json_object_new_array();
	struct json_object *overlays = json_object_new_array();
	char mac[CLONE_MAC_SIZE];
	unsigned int i;

	for (i = 0; i < r->nr_macs; i++) {
		clone_mac_print(r->macs[i], mac);
		json_object_array_add(macs, json_object_new_string(mac));
	}
	for (i = 0; i < r->nr_overlays; i++)
		json_object_array_add(overlays, json_object_new_string(r->overlays[i]));
	json_object_object_add(o, "name", json_object_new_string(r->name));
	json_object_object_add(o, "uuid", json_object_new_string(r->uuid));
	json_object_object_add(o, "macs", macs);
	json_object_object_add(o, "overlays", overlays);
	json_object_object_add(o, "whole", json_object_new_boolean(r->whole));
	json_object_object_add(o, "pooled", json_object_new_boolean(r->pooled));
	return o;
}

static int record_path(const char *job, const char *uuid, const char *suffix,
		       char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/%s%s", job, uuid, suffix) < PATH_MAX ? 0 : -1;
}

int clone_record_write(const char *job, const struct clone_record *r)
{
	char path[PATH_MAX], temp[PATH_MAX];
	struct json_object *o;
	int ret = -1;

	if (record_path(job, r->uuid, RECORD_SUFFIX, path) ||
	    record_path(job, r->uuid, ".new", temp))
		return -1;
	o = to_json(r);
	if (json_object_to_file_ext(temp, o, JSON_C_TO_STRING_PLAIN) ||
	    rename(temp, path))
		message("cannot write %s: %s", path, strerror(errno));
	else
		ret = 0;
	json_object_put(o);
	return ret;
}

void clone_record_remove(const char *job, const char *uuid)
{
	char path[PATH_MAX];

	if (!record_path(job, uuid, ".new", path))
		unlink(path);
	if (!record_path(job, uuid, RECORD_SUFFIX, path) && unlink(path) && errno != ENOENT)
		message("cannot remove %s: %s", path, strerror(errno));
}

static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) : NULL;
}

static size_t list_of(struct json_object *o, const char *key, size_t most,
		      struct json_object **list)
{
	size_t nr;

	if (!json_object_object_get_ex(o, key, list) ||
	    !json_object_is_type(*list, json_type_array))
		return 0;
	nr = json_object_array_length(*list);
	return nr < most ? nr : most;
}

static void read_lists(struct json_object *o, struct clone_record *r)
{
	struct json_object *list;
	size_t nr, i;

	nr = list_of(o, "macs", CLONE_NICS, &list);
	for (i = 0; i < nr; i++) {
		uint8_t *m = r->macs[r->nr_macs];

		if (sscanf(json_object_get_string(json_object_array_get_idx(list, i)),
			   "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &m[0], &m[1], &m[2], &m[3],
			   &m[4], &m[5]) == 6)
			r->nr_macs++;
	}
	nr = list_of(o, "overlays", CLONE_DISKS, &list);
	for (i = 0; i < nr; i++) {
		char *copy = strdup(json_object_get_string(json_object_array_get_idx(list, i)));

		if (copy)
			r->overlays[r->nr_overlays++] = copy;
	}
}

static int from_json(struct json_object *o, struct clone_record *r)
{
	const char *name = text_of(o, "name"), *uuid = text_of(o, "uuid");
	struct json_object *v;

	memset(r, 0, sizeof(*r));
	if (!name || !uuid || strlen(name) >= sizeof(r->name) ||
	    strlen(uuid) != sizeof(r->uuid) - 1)
		return -1;
	strcpy(r->name, name);
	strcpy(r->uuid, uuid);
	r->whole = json_object_object_get_ex(o, "whole", &v) && json_object_get_boolean(v);
	r->pooled = json_object_object_get_ex(o, "pooled", &v) && json_object_get_boolean(v);
	read_lists(o, r);
	return 0;
}

static void read_record(struct clone_entry *e, const char *path,
			void (*fn)(void *arg, struct clone_entry *entry), void *arg)
{
	struct json_object *o = json_object_from_file(path);

	if (!o && errno == ENOENT)
		return;		/* its job removed it meanwhile */
	if (!o || from_json(o, &e->record))
		message("%s: damaged: look for what is left of that clone, and remove the file",
			path);
	else
		fn(arg, e);
	clone_record_free(&e->record);
	json_object_put(o);
}

/* A job whose lock is free is dead. The lock is held while its records are read. */
static int probe(struct clone_entry *e)
{
	char path[PATH_MAX], text[16] = "";
	int lock = -1, fd;

	e->pid = 0;
	if (lock_path(e->job, path))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		lock = open_lock(path, LOCK_EX | LOCK_NB);
		e->alive = lock < 0 && errno == EWOULDBLOCK;
		if (read(fd, text, sizeof(text) - 1) > 0)
			e->pid = (pid_t)atoi(text);
		close(fd);
	}
	return lock;
}

static void walk_job(const char *job, void (*fn)(void *arg, struct clone_entry *entry), void *arg)
{
	struct clone_entry e = { .job = job };
	int lock = probe(&e);
	DIR *d = opendir(job);
	const struct dirent *file;
	char path[PATH_MAX];

	while (d && (file = readdir(d)))
		if (ends_with(file->d_name, RECORD_SUFFIX) &&
		    snprintf(path, sizeof(path), "%s/%s", job, file->d_name) < PATH_MAX)
			read_record(&e, path, fn, arg);
	if (d)
		closedir(d);
	if (lock >= 0)
		close(lock);
}

int clone_state_jobs(void (*fn)(const char *path, void *arg), void *arg)
{
	DIR *d = opendir(CLONE_STATE);
	const struct dirent *e;
	char path[PATH_MAX];

	if (!d && errno == ENOENT)
		return 0;
	if (!d) {
		message("cannot read " CLONE_STATE ": %s", strerror(errno));
		return -1;
	}
	while ((e = readdir(d))) {
		if (strncmp(e->d_name, JOB_PREFIX, sizeof(JOB_PREFIX) - 1))
			continue;
		if (snprintf(path, sizeof(path), CLONE_STATE "/%s", e->d_name) < PATH_MAX)
			fn(path, arg);
	}
	closedir(d);
	return 0;
}

struct walk {
	void (*fn)(void *arg, struct clone_entry *entry);
	void *arg;
};

static void walk_one(const char *path, void *arg)
{
	struct walk *w = arg;

	walk_job(path, w->fn, w->arg);
}

int clone_state_walk(void (*fn)(void *arg, struct clone_entry *entry), void *arg)
{
	struct walk w = { fn, arg };

	return clone_state_jobs(walk_one, &w);
}

static void sweep_one(const char *path, void *arg)
{
	struct clone_entry e = { .job = path };
	struct clone_job_dir dir = { .lock = probe(&e) };

	(void)arg;
	if (dir.lock < 0 && e.alive)
		return;
	snprintf(dir.path, sizeof(dir.path), "%s", path);
	clone_job_remove(&dir);
}

void clone_state_sweep(void)
{
	clone_state_jobs(sweep_one, NULL);
}
