/* SPDX-License-Identifier: GPL-2.0 */
/* xl.cfg(5) as libxl's JSON. The parser is part of xl, so xl does it. */
#ifndef XEN_THAW_XL_CONFIG_H
#define XEN_THAW_XL_CONFIG_H

/**
 * xl_config_from_file() - have xl parse a file
 * @path: of the file
 *
 * Return: JSON for free(), or NULL after a message.
 */
char *xl_config_from_file(const char *path);

/**
 * xl_config_from_text() - have xl parse a text
 * @text: as in such a file
 *
 * Return: JSON for free(), or NULL after a message.
 */
char *xl_config_from_text(const char *text);

#endif /* XEN_THAW_XL_CONFIG_H */
