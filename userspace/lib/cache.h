/* SPDX-License-Identifier: GPL-2.0 */
/* What is left of a file in the page cache after it was read or written. */
#ifndef XEN_THAW_CACHE_H
#define XEN_THAW_CACHE_H

#include <stdint.h>

/**
 * enum cache_mode - what XEN_THAW_CACHE asks for
 * @CACHE_AUTO: to drop files that are large for this host, to keep others
 * @CACHE_KEEP: read and write as any program does
 * @CACHE_DROP: leave nothing in the page cache that was not there before
 */
enum cache_mode {
	CACHE_AUTO,
	CACHE_KEEP,
	CACHE_DROP,
};

/**
 * cache_parse_option() - find what the option --cache wants
 * @name: auto, keep or drop
 * @mode: out
 *
 * Return: 0, or -1 after a message.
 */
int cache_parse_option(const char *name, enum cache_mode *mode);

/**
 * cache_get_mode() - read XEN_THAW_CACHE
 * @mode: out; CACHE_AUTO where the variable is not set
 *
 * Return: 0, or -1 after a message.
 */
int cache_get_mode(enum cache_mode *mode);

/**
 * cache_mem_available() - how much memory programs can get without swapping
 *
 * Return: MemAvailable of /proc/meminfo in bytes, 0 if unknown.
 */
uint64_t cache_mem_available(void);

#endif /* XEN_THAW_CACHE_H */
