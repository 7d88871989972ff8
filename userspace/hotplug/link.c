// SPDX-License-Identifier: GPL-2.0

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"

/* More than one interface can have with static addresses. */
#define MAX_ADDRESSES	256

struct address {
	uint8_t family;
	uint8_t prefix_len;
	uint8_t len;
	uint8_t bytes[16];
};

struct addresses {
	uint32_t index;		/* of the interface */
	unsigned int n;
	struct address list[MAX_ADDRESSES];
};

static struct mnl_socket *socket_;
static uint32_t sequence;
static char request[1024];
/* What libmnl takes for the size of a dump that the kernel sends at once. */
static char reply[32768];

static int open_socket(void)
{
	if (socket_)
		return 0;
	socket_ = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!socket_)
		return -errno;
	return mnl_socket_bind(socket_, 0, MNL_SOCKET_AUTOPID) ? -errno : 0;
}

static struct nlmsghdr *new_request(uint16_t type, uint16_t flags)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(request);

	msg->nlmsg_type = type;
	msg->nlmsg_flags = NLM_F_REQUEST | flags;
	msg->nlmsg_seq = ++sequence;
	return msg;
}

/* Send the request, and give all answers to @cb. Return: 0, or a negative errno. */
static int talk(struct nlmsghdr *msg, mnl_cb_t cb, void *data)
{
	int result = open_socket();
	ssize_t len;

	if (result)
		return result;
	if (mnl_socket_sendto(socket_, msg, msg->nlmsg_len) < 0)
		return -errno;
	do {
		len = mnl_socket_recvfrom(socket_, reply, sizeof(reply));
		if (len < 0)
			return -errno;
		result = mnl_cb_run(reply, len, msg->nlmsg_seq,
				    mnl_socket_get_portid(socket_), cb, data);
	} while (result > 0);
	return result < 0 ? -errno : 0;
}

static int parse_link(const struct nlmsghdr *msg, void *data)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(msg);
	const struct nlattr *attr;
	struct link *link = data;

	link->index = info->ifi_index;
	link->up = info->ifi_flags & IFF_UP;
	mnl_attr_for_each(attr, msg, sizeof(*info)) {
		if (mnl_attr_validate(attr, MNL_TYPE_U32))
			continue;
		if (mnl_attr_get_type(attr) == IFLA_MTU)
			link->mtu = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == IFLA_MASTER)
			link->master = mnl_attr_get_u32(attr);
	}
	return MNL_CB_OK;
}

int link_get(const char *name, struct link *link)
{
	struct nlmsghdr *msg = new_request(RTM_GETLINK, NLM_F_ACK);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(msg, sizeof(*info));

	if (!*name || strlen(name) >= IFNAMSIZ)
		return -ENODEV;
	*link = (struct link){ 0 };
	info->ifi_family = AF_UNSPEC;
	mnl_attr_put_strz(msg, IFLA_IFNAME, name);
	return talk(msg, parse_link, link);
}

static struct nlmsghdr *new_change(uint32_t index, unsigned int flags,
				   unsigned int change)
{
	struct nlmsghdr *msg = new_request(RTM_SETLINK, NLM_F_ACK);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(msg, sizeof(*info));

	info->ifi_family = AF_UNSPEC;
	info->ifi_index = index;
	info->ifi_flags = flags;
	info->ifi_change = change;
	return msg;
}

int link_set_up(uint32_t index, bool up)
{
	return talk(new_change(index, up ? IFF_UP : 0, IFF_UP), NULL, NULL);
}

int link_set_name(uint32_t index, const char *name)
{
	struct nlmsghdr *msg = new_change(index, 0, 0);

	mnl_attr_put_strz(msg, IFLA_IFNAME, name);
	return talk(msg, NULL, NULL);
}

int link_set_address(uint32_t index, const uint8_t *address)
{
	struct nlmsghdr *msg = new_change(index, 0, 0);

	mnl_attr_put(msg, IFLA_ADDRESS, 6, address);
	return talk(msg, NULL, NULL);
}

int link_set_mtu(uint32_t index, uint32_t mtu)
{
	struct nlmsghdr *msg = new_change(index, 0, 0);

	mnl_attr_put_u32(msg, IFLA_MTU, mtu);
	return talk(msg, NULL, NULL);
}

int link_set_master(uint32_t index, uint32_t master)
{
	struct nlmsghdr *msg = new_change(index, 0, 0);

	mnl_attr_put_u32(msg, IFLA_MASTER, master);
	return talk(msg, NULL, NULL);
}

static int collect_address(const struct nlmsghdr *msg, void *data)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(msg);
	struct addresses *all = data;
	const struct nlattr *attr;
	struct address *a = &all->list[all->n];

	if (info->ifa_index != all->index || all->n == MAX_ADDRESSES)
		return MNL_CB_OK;
	a->family = info->ifa_family;
	a->prefix_len = info->ifa_prefixlen;
	a->len = 0;
	mnl_attr_for_each(attr, msg, sizeof(*info)) {
		uint16_t type = mnl_attr_get_type(attr);

		/* IFA_ADDRESS is the peer's if there is a peer. */
		if ((type != IFA_LOCAL && (type != IFA_ADDRESS || a->len)) ||
		    mnl_attr_get_payload_len(attr) > sizeof(a->bytes))
			continue;
		a->len = mnl_attr_get_payload_len(attr);
		memcpy(a->bytes, mnl_attr_get_payload(attr), a->len);
	}
	all->n++;
	return MNL_CB_OK;
}

static int remove_address(uint32_t index, const struct address *a)
{
	struct nlmsghdr *msg = new_request(RTM_DELADDR, NLM_F_ACK);
	struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(msg, sizeof(*info));

	info->ifa_family = a->family;
	info->ifa_prefixlen = a->prefix_len;
	info->ifa_index = index;
	mnl_attr_put(msg, IFA_LOCAL, a->len, a->bytes);
	return talk(msg, NULL, NULL);
}

int link_flush_addresses(uint32_t index)
{
	struct nlmsghdr *msg = new_request(RTM_GETADDR, NLM_F_DUMP);
	struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(msg, sizeof(*info));
	static struct addresses all;
	unsigned int i;
	int error;

	info->ifa_family = AF_UNSPEC;
	all.index = index;
	all.n = 0;
	error = talk(msg, collect_address, &all);
	for (i = 0; i < all.n && !error; i++)
		error = remove_address(index, &all.list[i]);
	/* Removing the first address of a network removes the others. */
	return error == -EADDRNOTAVAIL ? 0 : error;
}
