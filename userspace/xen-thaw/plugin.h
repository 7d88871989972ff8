/* SPDX-License-Identifier: GPL-2.0 */
/* Shared objects that are tied to one version of Xen, unlike this program. */
#ifndef XEN_THAW_PLUGIN_H
#define XEN_THAW_PLUGIN_H

/**
 * plugin_load() - load a shared object; it stays loaded until the end
 * @file: its name; it is beside the program, or in libexec
 * @symbol: what it defines
 *
 * Return: the address of @symbol, or NULL after a message.
 */
const void *plugin_load(const char *file, const char *symbol);

#endif /* XEN_THAW_PLUGIN_H */
