/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For page_data.c: its 4 MiB come from one array, as the sanitizer takes longer
 * to hand them out than all the rest takes. Nobody has two at a time.
 */
#include <stdint.h>
#include <stdlib.h>

static _Alignas(4096) uint8_t one_buffer[4 << 20];

#define aligned_alloc(alignment, size) \
	((alignment) && (size) == sizeof(one_buffer) ? one_buffer : NULL)
#define free(buffer)	((void)(buffer))
