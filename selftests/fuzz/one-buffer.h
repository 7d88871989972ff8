/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For page_data.c: its buffer of 4 MiB is one static array, because the sanitizer
 * takes longer to allocate it than the rest of a run takes. Only one buffer is in
 * use at a time.
 */
#include <stdint.h>
#include <stdlib.h>

static _Alignas(4096) uint8_t one_buffer[4 << 20];

#define aligned_alloc(alignment, size) \
	((alignment) && (size) == sizeof(one_buffer) ? one_buffer : NULL)
#define free(buffer)	((void)(buffer))
