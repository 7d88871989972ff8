/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XEN_THAW_LINK_H
#define XEN_THAW_LINK_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct link - a network interface, as the kernel describes it
 * @index: its number, from 1
 * @master: number of the bridge that it is a port of, or 0
 * @mtu: largest packet, in bytes
 * @up: whether it is up
 */
struct link {
	uint32_t index;
	uint32_t master;
	uint32_t mtu;
	bool up;
};

/* All functions return 0, or a negative errno. The first one opens rtnetlink. */

/**
 * link_get() - look up an interface
 * @name: at most 15 bytes
 * @link: out
 *
 * -ENODEV: there is none of this name.
 */
int link_get(const char *name, struct link *link);

/**
 * link_set_up() - set an interface up or down
 * @index: the interface
 * @up: which
 */
int link_set_up(uint32_t index, bool up);

/**
 * link_set_name() - rename an interface, which is down
 * @index: the interface
 * @name: at most 15 bytes
 */
int link_set_name(uint32_t index, const char *name);

/**
 * link_set_address() - set the hardware address
 * @index: the interface
 * @address: 6 bytes
 */
int link_set_address(uint32_t index, const uint8_t *address);

/**
 * link_set_mtu() - set the size of the largest packet
 * @index: the interface
 * @mtu: bytes
 */
int link_set_mtu(uint32_t index, uint32_t mtu);

/**
 * link_set_master() - make an interface a port of a bridge, or of none
 * @index: the interface
 * @master: the bridge, or 0
 */
int link_set_master(uint32_t index, uint32_t master);

/**
 * link_flush_addresses() - remove all IP addresses
 * @index: the interface
 */
int link_flush_addresses(uint32_t index);

#endif /* XEN_THAW_LINK_H */
