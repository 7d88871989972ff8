/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of xen-thaw-clone.so share. */
#ifndef XEN_THAW_CLONE_HOST_H
#define XEN_THAW_CLONE_HOST_H

#include <time.h>

#include <libxl.h>
#include <libxl_event.h>
#include <libxl_utils.h>

#include "clone_xen.h"

/**
 * enum clone_stage - where a guest is in its life
 * @STAGE_MAKING: libxl restores or creates it
 * @STAGE_UNDOING: it failed or was aborted, and libxl destroys what there is
 * @STAGE_WATCHED: it is whole
 * @STAGE_ENDING: it shut down, and libxl destroys it
 * @STAGE_PAUSE: it is made again soon
 */
enum clone_stage {
	STAGE_MAKING,
	STAGE_UNDOING,
	STAGE_WATCHED,
	STAGE_ENDING,
	STAGE_PAUSE,
};

/**
 * struct clone_guest - one guest
 * @next: of the host's
 * @host: of the guest
 * @id: never the same for two guests; libxl's events have it
 * @arg: for news
 * @config: libxl's
 * @domid: INVALID_DOMID while there is no domain
 * @fd: the image, or -1
 * @stage: see there
 * @again: it is not the first domain of this guest
 * @aborted: it is not wanted any more
 * @restart: after STAGE_ENDING it is made again
 * @due: when STAGE_PAUSE ends: seconds of the monotonic clock
 * @why: it failed; or empty
 * @death: of libxl
 * @ejects: of libxl, one for each disk
 * @nr_ejects: in @ejects
 */
struct clone_guest {
	struct clone_guest *next;
	struct clone_host *host;
	uint64_t id;
	void *arg;
	libxl_domain_config config;
	uint32_t domid;
	int fd;
	enum clone_stage stage;
	bool again;
	bool aborted;
	bool restart;
	time_t due;
	char why[256];
	libxl_evgen_domain_death *death;
	libxl_evgen_disk_eject **ejects;
	int nr_ejects;
};

/**
 * struct clone_host - libxl and its guests
 * @logger: first, so that it leads here
 * @user: of the object
 * @ctx: of libxl
 * @guests: all of them
 * @last_id: that a guest got
 * @first_error: what libxl said first since it was emptied
 * @autoballoon: dom0 gives memory to new guests
 * @domid_policy: of xl.conf
 * @fds: for poll()
 * @room: in @fds
 */
struct clone_host {
	xentoollog_logger logger;
	const struct clone_user *user;
	libxl_ctx *ctx;
	struct clone_guest *guests;
	uint64_t last_id;
	char first_error[200];
	bool autoballoon;
	libxl_domid domid_policy;
	struct pollfd *fds;
	int room;
};

/**
 * clone_log() - a line for the user
 * @host: which knows where to
 * @fmt: as printf
 */
void clone_log(const struct clone_host *host, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * clone_read_xl_conf() - what xl.conf says about new domains
 * @host: filled in; open
 */
void clone_read_xl_conf(struct clone_host *host);

/**
 * clone_free_memory() - have dom0 give memory back, as xl does
 * @host: of the guest
 * @guest: that needs it
 *
 * Return: 0, or -1.
 */
int clone_free_memory(struct clone_host *host, struct clone_guest *guest);

struct clone_guest *clone_restore(struct clone_host *host, const char *json,
				  int fd, void *arg);
void clone_abort(struct clone_guest *guest);
int clone_unpause(struct clone_guest *guest);
int clone_rename(struct clone_guest *guest, const char *name);

/* xl waits as long: without it, making a domain again fails sometimes. */
#define CLONE_RESTART_SECONDS	2

const char *clone_name(const struct clone_guest *guest);

/* How libxl tells that an operation on a guest is complete. */
libxl_asyncop_how clone_how(const struct clone_guest *guest);

/* Seconds of the monotonic clock. */
time_t clone_seconds(void);

/**
 * clone_tell() - news that the guest survives
 * @guest: the guest
 * @news: what happened
 */
void clone_tell(struct clone_guest *guest, enum clone_news news);

/**
 * clone_end() - forget a guest, and then tell the news
 * @guest: freed
 * @news: what happened
 */
void clone_end(struct clone_guest *guest, enum clone_news news);

/**
 * clone_unwatch() - no more events of the guest's domain
 * @guest: the guest
 */
void clone_unwatch(struct clone_guest *guest);

/**
 * clone_destroy() - begin to destroy a guest's domain
 * @guest: may be freed
 * @stage: STAGE_UNDOING or STAGE_ENDING: says what follows
 */
void clone_destroy(struct clone_guest *guest, enum clone_stage stage);

/**
 * clone_shut_down() - a guest's domain has shut down
 * @guest: may be freed
 * @reason: LIBXL_SHUTDOWN_REASON_*
 */
void clone_shut_down(struct clone_guest *guest, int reason);

/**
 * clone_handle() - an event of libxl
 * @host: that got it
 * @event: not freed
 */
void clone_handle(struct clone_host *host, libxl_event *event);

/**
 * clone_next_due() - when a guest has to be made again
 * @host: of the guests
 *
 * Return: milliseconds from now, or -1.
 */
int clone_next_due(const struct clone_host *host);

/**
 * clone_restart_due() - make guests again whose time has come
 * @host: of the guests
 */
void clone_restart_due(struct clone_host *host);

/**
 * clone_forget() - free all guests; their domains stay
 * @host: of the guests
 */
void clone_forget(struct clone_host *host);

#endif /* XEN_THAW_CLONE_HOST_H */
