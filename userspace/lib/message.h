/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XEN_THAW_MESSAGE_H
#define XEN_THAW_MESSAGE_H

/**
 * message() - one line on stderr, after the program's name
 * @fmt: as printf, without a newline
 *
 * stdout is not ours: in a helper it is libxl's callback pipe.
 */
void message(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* XEN_THAW_MESSAGE_H */
