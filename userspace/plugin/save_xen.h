/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of xen-thaw save --live that needs libxl, which is tied to one version of Xen.
 * It is a shared object of its own, xen-thaw-save.so, that defines save_xen.
 */
#ifndef XEN_THAW_SAVE_XEN_H
#define XEN_THAW_SAVE_XEN_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct save_guest - a guest that is saved
 * @domid: its number
 * @ctx: of libxl
 * @suspended_at: when it was seen to be suspended, by the monotonic clock; 0: it was not
 * @log: gets a line of libxl's errors; without a newline
 * @error: after a failure: the cause, and what to do
 * @first: the first of libxl's errors
 * @gave_up: Xen's helper failed, and cleaned up
 */
struct save_guest {
	uint32_t domid;
	void *ctx;
	double suspended_at;
	void (*log)(const char *line);
	char error[512];
	char first[200];
	bool gave_up;
};

/**
 * struct save_xen - what the shared object has
 * @open: find a guest by its number or name, and check that it can be saved; only the
 *	member log is set. Nothing is open after a failure
 * @close: release what @open took
 * @config: the configuration, as libxl's JSON, for free(); or NULL. The guest is to get
 *	the same number again if @keep_domid
 * @save: write the libxl stream of the running guest at the offset of a file. It is
 *	suspended after a success, and may be after a failure
 * @stop: have a call of @save fail soon; for signal handlers
 * @resume: let the guest go on if it is suspended; paused if @pause
 * @destroy: destroy the guest, and wait until it is gone
 *
 * All that return an int return 0, or -1 with the error of the guest set. Only one guest
 * is open at a time.
 */
struct save_xen {
	int (*open)(struct save_guest *g, const char *name);
	void (*close)(struct save_guest *g);
	char *(*config)(struct save_guest *g, bool keep_domid);
	int (*save)(struct save_guest *g, int fd);
	void (*stop)(void);
	int (*resume)(struct save_guest *g, bool pause);
	int (*destroy)(struct save_guest *g);
};

extern const struct save_xen save_xen;

#endif /* XEN_THAW_SAVE_XEN_H */
