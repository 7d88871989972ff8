/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of xen-thaw clone that needs libxl, which is tied to one version of Xen. It is
 * a shared object of its own, xen-thaw-clone.so, that defines clone_xen.
 *
 * One process makes all guests of a job, and watches them afterwards as xl's daemon does.
 * Nothing here blocks for long, but for xl's own waits for memory of dom0.
 */
#ifndef XEN_THAW_CLONE_XEN_H
#define XEN_THAW_CLONE_XEN_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#define CLONE_UUID_TEXT	37	/* with the NUL */

struct clone_host;
struct clone_guest;

/**
 * enum clone_news - what becomes of a guest
 * @CLONE_MADE: it is there, paused
 * @CLONE_FAILED: it could not be made, and nothing of it is left; it is freed
 * @CLONE_RESTARTED: it shut down, and was made again, with another number
 * @CLONE_PRESERVED: it shut down, and stays under another name; another one is made
 * @CLONE_GONE: it was destroyed; it is freed
 * @CLONE_LEFT: it is not watched any more, but still there; it is freed
 */
enum clone_news {
	CLONE_MADE,
	CLONE_FAILED,
	CLONE_RESTARTED,
	CLONE_PRESERVED,
	CLONE_GONE,
	CLONE_LEFT,
};

/**
 * struct clone_user - who uses the object
 * @log: a line for the user or the log; without a newline
 * @news: something happened to a guest; @why says what went wrong, or is NULL
 */
struct clone_user {
	void (*log)(const char *line);
	void (*news)(void *arg, enum clone_news news, uint32_t domid,
		     const char *why);
};

/**
 * struct clone_domain - a domain of this host, whoever made it
 * @domid: its number
 * @uuid: as text
 * @name: NULL while it is made
 * @kib: memory that it has
 * @paused: it does not run
 * @dying: it is being destroyed
 */
struct clone_domain {
	uint32_t domid;
	char uuid[CLONE_UUID_TEXT];
	char *name;
	uint64_t kib;
	bool paused;
	bool dying;
};

/**
 * struct clone_xen - what the shared object has
 * @open: open libxl, and read xl.conf. NULL after a line to @log
 * @close: forget all guests; they stay as they are
 * @list: call a function for each domain but dom0
 * @macs: call a function for each address of an interface of a domain
 * @free_memory: of Xen, in KiB; -1 if it is not known
 * @restore: begin to restore a guest. @json is libxl's configuration; @fd is open at the
 *	libxl stream, has an offset of its own, and is closed by the object. @arg is for
 *	news. NULL after a line to @log; then there are no news of it
 * @abort: cut short what makes a guest; CLONE_FAILED or CLONE_MADE follows
 * @unpause: let a guest run
 * @rename: give a guest another name
 * @destroy: destroy a domain, and wait until it is gone
 * @wait: wait until one of @fds is ready, or a while is over, or there are news
 *
 * All that return an int return 0, or -1 after a line to @log.
 */
struct clone_xen {
	struct clone_host *(*open)(const struct clone_user *user);
	void (*close)(struct clone_host *host);
	int (*list)(struct clone_host *host,
		    void (*fn)(void *arg, const struct clone_domain *domain),
		    void *arg);
	int (*macs)(struct clone_host *host,
		    void (*fn)(void *arg, const uint8_t mac[6]), void *arg);
	int64_t (*free_memory)(struct clone_host *host);
	struct clone_guest *(*restore)(struct clone_host *host,
				       const char *json, int fd, void *arg);
	void (*abort)(struct clone_guest *guest);
	int (*unpause)(struct clone_guest *guest);
	int (*rename)(struct clone_guest *guest, const char *name);
	int (*destroy)(struct clone_host *host, uint32_t domid);
	int (*wait)(struct clone_host *host, struct pollfd *fds, int nr,
		    int timeout_ms);
};

extern const struct clone_xen clone_xen;

#endif /* XEN_THAW_CLONE_XEN_H */
