# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# For tests in dom0 of guests with disks and an interface: xen-thaw-hotplug in the place of
# Xen's scripts, a bridge, images of disks.

scripts=/etc/xen/scripts

# As make install-hotplug does it. XEN_THAW_HOTPLUG=stock is Xen's scripts again.
install_hotplug()
{
	for module in loop bridge xen-blkback xen-netback; do
		modprobe $module || return
	done
	for name in block vif-bridge; do
		mv $scripts/$name $scripts/$name.stock &&
			ln -s /usr/local/bin/xen-thaw-hotplug $scripts/$name || return
	done
}

# Forwards at once: a guest's first packet needs no second of patience.
make_bridge()
{
	ip link add xenbr0 type bridge stp_state 0 forward_delay 0 &&
		ip addr add 10.9.0.1/24 dev xenbr0 && ip link set xenbr0 mtu 1400 up
}

# disks NUMBER [PREFIX]: for xl.cfg; makes the images /tmp/PREFIXa.img and so on
disks()
{
	for letter in $(echo a b c d | cut -d' ' -f-"$1"); do
		[ -e "/tmp/$2$letter.img" ] ||
			dd if=/dev/zero of="/tmp/$2$letter.img" bs=1M count=4 2>/dev/null
		printf "'/tmp/%s.img,raw,xvd%s,w'," "$2$letter" "$letter"
	done
}

# devices_extra DISKS: the sample guest uses its disks and its interface
devices_extra()
{
	echo "extra=\"console=hvc0 quiet loglevel=3 pci=off 8250.nr_uarts=0 disks=$1 net=10.9.0 fill=1\""
}

# processes_started: sets $processes to their number since the start of dom0; starts none
processes_started()
{
	# shellcheck disable=SC2034 # for the callers
	while read -r name processes _; do
		[ "$name" != processes ] || return 0
	done </proc/stat
}
