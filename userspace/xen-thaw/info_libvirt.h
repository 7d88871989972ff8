/* SPDX-License-Identifier: GPL-2.0 */
/* What libvirt's configuration says of a guest. */
#ifndef XEN_THAW_INFO_LIBVIRT_H
#define XEN_THAW_INFO_LIBVIRT_H

struct info;

/**
 * info_read_libvirt() - read the XML of a guest
 * @info: name, UUID, type, number of vCPUs and memory are filled in, if @xml has them
 * @xml: of libvirt, which documents it as "Domain XML format"; may be damaged
 */
void info_read_libvirt(struct info *info, const char *xml);

#endif /* XEN_THAW_INFO_LIBVIRT_H */
