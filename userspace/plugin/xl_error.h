/* SPDX-License-Identifier: GPL-2.0 */
/* What a plugin makes of the errors that Xen's libraries log. */
#ifndef XEN_THAW_XL_ERROR_H
#define XEN_THAW_XL_ERROR_H

#include <stdarg.h>
#include <stddef.h>

/**
 * xl_error_text() - one line of an error
 * @text: filled in, without a newline; cut if it has no room
 * @size: of @text
 * @errnoval: the errno that belongs to it, or -1
 * @format: as the logger's vmessage gets it (xentoollog.h)
 * @ap: for @format
 */
void xl_error_text(char *text, size_t size, int errnoval, const char *format, va_list ap)
	__attribute__((format(printf, 4, 0)));

#endif /* XEN_THAW_XL_ERROR_H */
