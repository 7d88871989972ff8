/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The variables of the environment, and what options and variables that mean
 * the same may be set to. Nothing else reads the environment, but for
 * XEN_THAW_PV, which is between the helper and the library in its child.
 */
#ifndef XEN_THAW_ENV_H
#define XEN_THAW_ENV_H

#include <stdbool.h>
#include <stdint.h>

#define ENV_CACHE	"XEN_THAW_CACHE"
#define ENV_DEBUG	"XEN_THAW_DEBUG"
#define ENV_ENGINE	"XEN_THAW_ENGINE"
#define ENV_FILE	"XEN_THAW_FILE"
#define ENV_HELPER	"XEN_THAW_HELPER"
#define ENV_HOTPLUG	"XEN_THAW_HOTPLUG"
#define ENV_LIBXL_HELPER "LIBXL_SAVE_HELPER"
#define ENV_PLAN	"XEN_THAW_PLAN"
#define ENV_PROGRESS	"XEN_THAW_PROGRESS"
#define ENV_STATS	"XEN_THAW_STATS"
#define ENV_STOCK	"XEN_THAW_STOCK_HELPER"
#define ENV_STREAM	"XEN_THAW_STREAM"
#define ENV_THREADS	"XEN_THAW_THREADS"
#define ENV_VERIFY	"XEN_THAW_VERIFY"

/* The most threads that fill a guest: more do not make it faster. */
#define MAX_THREADS	4U

/**
 * enum cache_mode - what stays of a file in dom0's page cache
 * @CACHE_AUTO: drop files that are large for this host, keep others
 * @CACHE_KEEP: read and write as any program does
 * @CACHE_DROP: leave nothing in the page cache that was not there before
 */
enum cache_mode {
	CACHE_AUTO,
	CACHE_KEEP,
	CACHE_DROP,
};

/**
 * enum engine_choice - what fills the memory of a guest
 * @ENGINE_AUTO: the best engine that works here
 * @ENGINE_MODULE: the kernel module
 * @ENGINE_GNTDEV: grant copies by /dev/xen/gntdev
 * @ENGINE_MMAPBATCH: mapped guest memory
 * @ENGINE_STOCK: Xen's own helper
 */
enum engine_choice {
	ENGINE_AUTO,
	ENGINE_MODULE,
	ENGINE_GNTDEV,
	ENGINE_MMAPBATCH,
	ENGINE_STOCK,
};

/**
 * enum stream_mode - which streams are restored that are no files
 * @STREAM_PIPES: those from pipes
 * @STREAM_NONE: none: Xen's own helper gets them
 * @STREAM_ALL: those from pipes and sockets
 */
enum stream_mode {
	STREAM_PIPES,
	STREAM_NONE,
	STREAM_ALL,
};

/**
 * env_parse_cache() - parse the value of --cache or XEN_THAW_CACHE
 * @source: what messages call the setting: "--cache " or "XEN_THAW_CACHE="
 * @value: auto, keep or drop
 * @mode: out
 *
 * Return: 0, or -1 after a message.
 */
int env_parse_cache(const char *source, const char *value,
		    enum cache_mode *mode);

/**
 * env_parse_engine() - parse the value of --engine or XEN_THAW_ENGINE
 * @source: as for env_parse_cache()
 * @value: the name of an engine
 * @choice: out
 *
 * Return: 0, or -1 after a message.
 */
int env_parse_engine(const char *source, const char *value,
		     enum engine_choice *choice);

/**
 * env_parse_threads() - parse the value of --threads or XEN_THAW_THREADS
 * @source: as for env_parse_cache()
 * @value: a number, at least 1
 * @threads: out: at most MAX_THREADS; a message says when it was lowered
 *
 * Return: 0, or -1 after a message.
 */
int env_parse_threads(const char *source, const char *value,
		      unsigned int *threads);

/**
 * env_engine_name() - name of an engine, as options and statistics have it
 * @choice: the engine
 */
const char *env_engine_name(enum engine_choice choice);

/**
 * env_get_cache() - read XEN_THAW_CACHE
 * @mode: out; CACHE_AUTO if the variable is not set
 *
 * Return: 0, or -1 after a message.
 */
int env_get_cache(enum cache_mode *mode);

/**
 * env_get_engine() - read XEN_THAW_ENGINE
 * @choice: out; ENGINE_AUTO if the variable is not set
 *
 * Return: 0, or -1 after a message.
 */
int env_get_engine(enum engine_choice *choice);

/**
 * env_get_stream() - read XEN_THAW_STREAM
 * @mode: out: 0: STREAM_NONE, 1: STREAM_ALL, not set: STREAM_PIPES
 *
 * Return: 0, or -1 after a message.
 */
int env_get_stream(enum stream_mode *mode);

/**
 * env_get_threads() - read XEN_THAW_THREADS
 * @threads: out; the number of processors, at most MAX_THREADS, if the variable
 *	is not set
 *
 * Return: 0, or -1 after a message.
 */
int env_get_threads(unsigned int *threads);

/**
 * env_get_verify() - read XEN_THAW_VERIFY
 * @verify: out: verify the file before it is restored; false if not set
 *
 * Return: 0, or -1 after a message.
 */
int env_get_verify(bool *verify);

/**
 * env_progress() - whether to show a progress bar: XEN_THAW_PROGRESS=1
 */
bool env_progress(void);

/**
 * env_debug() - whether to say what is routine, too: XEN_THAW_DEBUG=1
 */
bool env_debug(void);

/**
 * env_stats() - the file for statistics: XEN_THAW_STATS
 *
 * Return: a path, or NULL.
 */
const char *env_stats(void);

/**
 * env_file() - what messages call the file of a save, for xen-thaw save --live, whose
 *	file has no name yet: XEN_THAW_FILE
 *
 * Return: a path, or NULL.
 */
const char *env_file(void);

/**
 * env_plan() - the plan that xen-thaw clone made for its helpers: XEN_THAW_PLAN
 *
 * Return: a path, or NULL.
 */
const char *env_plan(void);

/**
 * env_stock_helper() - Xen's own helper: XEN_THAW_STOCK_HELPER
 *
 * Return: a path, or NULL.
 */
const char *env_stock_helper(void);

/**
 * env_helper() - our helper: XEN_THAW_HELPER
 *
 * Return: a path, or NULL.
 */
const char *env_helper(void);

/**
 * env_libxl_helper() - the helper that libxl runs: LIBXL_SAVE_HELPER
 *
 * Return: a path, or NULL.
 */
const char *env_libxl_helper(void);

/**
 * env_hotplug() - who sets up disks and interfaces: XEN_THAW_HOTPLUG
 *
 * Return: "native", "stock", or anything else that somebody set; or NULL.
 */
const char *env_hotplug(void);

/**
 * mem_available() - how much memory programs can get without swapping
 *
 * Return: MemAvailable of /proc/meminfo in bytes, 0 if unknown.
 */
uint64_t mem_available(void);

#endif /* XEN_THAW_ENV_H */
