/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A fill engine moves page contents from the file into the guest. Nothing else
 * does. Each engine is one file.
 */
#ifndef XEN_THAW_ENGINE_H
#define XEN_THAW_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "env.h"
#include "plan.h"

struct xenforeignmemory_handle;

/**
 * struct fill_job - what an engine works on
 * @fd: the save file, open for reading, when @fill is called; its offset is not used
 * @map: the file, mapped, if page data in it is aligned to pages; or NULL
 * @domid: the domain, whose gfns are populated
 * @fmem: libxenforeignmemory, owned by the caller
 * @threads: that an engine may use, 1 to MAX_THREADS
 * @can_direct: set by an engine that can read past the page cache
 * @direct: read so; only where @can_direct is set
 * @direct_refused: set by a fill that failed because the file cannot be read so;
 *	it may be repeated without @direct
 * @skip_zero: fills that may do so leave out pages that are zero in the file
 * @interrupted: non-zero once the restore is to stop (set by a signal handler)
 * @hypercalls: made by this engine for grant copies
 * @copy_ops: copy operations in them
 * @skipped: frames left out because of @skip_zero
 * @error: after a failure: its cause, one line without a newline
 * @private: the engine's
 */
struct fill_job {
	int fd;
	uint8_t *map;
	uint32_t domid;
	struct xenforeignmemory_handle *fmem;
	unsigned int threads;
	bool can_direct;
	bool direct;
	bool direct_refused;
	bool skip_zero;
	const volatile int *interrupted;
	uint64_t hypercalls;
	uint64_t copy_ops;
	uint64_t skipped;
	char error[256];
	void *private;
};

/**
 * struct engine - one way to fill
 * @id: which; env_engine_name() has its name
 * @open: find out whether the engine works here, and prepare; nothing is
 *	written yet. On failure @error says what is missing and what to do
 * @fill: fill runs; on return 0 all of them are in place
 * @close: free what @open took
 *
 * @open and @fill return 0, or -1 with the job's @error set.
 */
struct engine {
	enum engine_choice id;
	int (*open)(struct fill_job *job);
	int (*fill)(struct fill_job *job, const struct plan_fill *fills,
		    size_t nr);
	void (*close)(struct fill_job *job);
};

extern const struct engine engine_module;
extern const struct engine engine_gntdev;
extern const struct engine engine_mmapbatch;

/**
 * fill_fail() - set the error of a job
 * @job: the job
 * @fmt: cause, as printf
 *
 * Return: -1.
 */
int fill_fail(struct fill_job *job, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * fill_read() - read all of a piece of the save file
 * @job: the job
 * @to: where to
 * @len: bytes
 * @offset: in the file
 *
 * Return: 0, or -1 with the job's error set.
 */
int fill_read(struct fill_job *job, uint8_t *to, size_t len, uint64_t offset);

#endif /* XEN_THAW_ENGINE_H */
