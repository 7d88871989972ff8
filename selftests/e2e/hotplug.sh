#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0: hotplug.sh [short]. xen-thaw-hotplug and Xen's own scripts set up disks and
# interfaces side by side, and leave the same. Then a guest uses its devices. The short form has
# fewer kinds of devices.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh
# shellcheck source=selftests/e2e/devices.sh
. /root/devices.sh
# shellcheck source=selftests/e2e/hotplug-calls.sh
. /root/hotplug-calls.sh

# The state that a script leaves: xenstore, loop devices, links. The text of an error and the
# number of an interface are the script's own.
state()
{
	xenstore-ls -f /local/domain/0/backend 2>/dev/null | sed '/hotplug-error/s/=.*//'
	xenstore-ls -f /local/domain/$front 2>/dev/null
	losetup -l -n -O NAME,BACK-FILE,RO,AUTOCLEAR,OFFSET,SIZELIMIT,DIO
	ip -d link show | grep -A3 -E ": vif$front|: custom" | sed 's/^[0-9]*: //'
	ip addr show | grep -A3 -E ": vif$front|: custom" | sed 's/^[0-9]*: //'
	ls /run/xen-hotplug
}

# same_state COMMAND...: both scripts leave the same; %s in COMMAND is who does it. The status of
# each is the last line.
same_state()
{
	for who in stock native; do
		clean_store
		"$@" $who >/tmp/state.$who 2>&1
		tidy
		no_loops || return
	done
	cmp /tmp/state.stock /tmp/state.native ||
		why "$(diff /tmp/state.stock /tmp/state.native | head -n 40)"
}

# disk_cycle MODE PARAMS WHO
disk_cycle()
{
	new_disk "$1" "$2"
	block "$3" add
	echo "add $?"
	state
	block "$3" add
	echo "add again $?"
	state
	block "$3" remove
	echo "remove $?"
	state
}

# failed_add MODE PARAMS WHO: to remove that disk fails with stock only
failed_add()
{
	new_disk "$1" "$2"
	block "$3" add
	echo "add $?"
	state
	block "$3" remove
	# A script that fails leaves its lock's file.
	rm -f /run/xen-hotplug/block
	state
}

# What we cannot open, the stock script gets: losetup opens it read-only, or fails.
unwritable_file()
{
	mkfs.ext4 -q -F /dev/ram1 && mkdir -p /mnt/ram && mount -t ext4 /dev/ram1 /mnt/ram &&
		cp $image /mnt/ram/disk.img && chattr +i /mnt/ram/disk.img || return
	same_state failed_add w /mnt/ram/disk.img && mount -o remount,ro /dev/ram1 /mnt/ram &&
		same_state disk_cycle w /mnt/ram/disk.img &&
		same_state disk_cycle r /mnt/ram/disk.img
	result=$?
	umount /mnt/ram && return $result
}

# vif_cycle TYPE VIFNAME MTU BRIDGE WHO
vif_cycle()
{
	suffix='' on=online off=offline
	[ "$1" = vif ] || suffix=-emu on=add off=remove
	ip link add vif$front.0$suffix address 02:00:00:00:00:01 type dummy && ip addr add 10.8.0.1/24 dev vif$front.0$suffix
	ip addr add fd00::1/64 dev vif$front.0$suffix 2>/dev/null
	xenstore-write $vif/frontend-id $front $vif/state 2
	[ -z "$2" ] || xenstore-write $vif/vifname "$2"
	[ -z "$3" ] || xenstore-write $vif/mtu "$3"
	[ -z "$4" ] || xenstore-write $vif/bridge "$4"
	vif "$5" $on "$1"
	echo "$on $?"
	state
	vif "$5" $on tap-and-vif-differ
	echo "unknown type $?"
	vif "$5" $off "$1"
	echo "$off $?"
	state
}

# Stock writes the MTU of an interface with a name of its own to a place that nobody reads.
renames()
{
	ip link add vif$front.0 type dummy
	xenstore-write $vif/frontend-id $front $vif/vifname custom $vif/bridge xenbr0
	vif native online && ip link show custom | grep -q 'mtu 1400 .* master xenbr0 ' &&
		[ "$(xenstore-read /local/domain/$front/device/vif/0/mtu)" = 1400 ] &&
		[ "$(xenstore-read $vif/hotplug-status)" = connected ] || return
	ip link add vif$front.0 type dummy
	! vif native online && xenstore-read $vif/hotplug-error |
		grep -q 'there is an interface custom already' || return
	vif native offline && ip link show custom | grep -v -q 'master' &&
		[ -z "$(ls /sys/class/net/xenbr0/brif)" ]
	result=$?
	tidy
	return $result
}

# refuses_used MODE OTHER-MODE: a file that another guest uses
refuses_used()
{
	clean_store
	new_disk "$2" $image 991 && block native add 991 || return
	expected_loop=$(xenstore-read /local/domain/0/backend/vbd/991/51712/node)
	new_disk "$1" $image && ! block native add && refused busy 'used by a guest' || return
	# Stock sees that we use it, too, and shares what may be shared.
	block native remove 991 && tidy && no_loops
}

shares_used()
{
	clean_store
	new_disk "$2" $image 991 && block native add 991 && new_disk "$1" $image &&
		block native add && block native remove && block native remove 991 || return
	tidy
	no_loops
}

refuses_mounted()
{
	mkfs.ext4 -q -F $image && mkdir -p /mnt/image && mount -t ext4 -o loop $image /mnt/image || return
	expected_loop=$(losetup -l -n -O NAME)
	clean_store
	new_disk w $image && ! block native add && refused busy 'mounted in this domain'
	result=$?
	umount /mnt/image
	tidy
	return $result
}

# While the stock script is in its critical section, ours waits, and the other way round.
shares_lock()
{
	clean_store
	new_disk w $image
	new_disk w $image 991
	block stock add &
	block native add 991 &
	wait
	won=$(xenstore-ls -f /local/domain/0/backend/vbd | grep -c 'hotplug-status = "connected"')
	# Stock does not see a file that is in use: util-linux prints decimal numbers.
	[ "$won" -ge 1 ] || why "nobody got the disk" || return
	block stock remove
	block native remove 991
	tidy
	no_loops
}

detaches_removed_file()
{
	clean_store
	cp $image /tmp/gone.img && new_disk w /tmp/gone.img && block native add || return
	rm /tmp/gone.img
	block native remove && no_loops
	result=$?
	tidy
	return $result
}

hands_over()
{
	clean_store
	new_disk w nbd:host:port
	XEN_THAW_DEBUG=1 block native add
	grep -q 'handed to the stock script' /tmp/script.log &&
		[ "$(xenstore-read $vbd/hotplug-status)" = connected ]
	result=$?
	tidy
	return $result
}

lives()
{
	start_guest "$(disks 3)'phy:/dev/ram1,xvdd,w'" && devices_work && xl save guest $saved >$log 2>&1 && nothing_left || return
	restore auto $saved && devices_work || why "$(tail -n 5 $log)" || return
	xl reboot -F guest >$log 2>&1 || return
	devices_work && guest_destroy guest || return
	wait_for 20 nothing_left
}

# No process for a device, but for the script that libxl starts.
starts_few()
{
	processes_started
	# shellcheck disable=SC2154 # the function sets it
	before=$processes
	restore auto $saved || why "$(tail -n 5 $log)" || return
	processes_started
	number=$((processes - before))
	echo "# $number processes"
	# timeout is not xl's.
	[ $number -le 18 ] && guest_destroy guest && wait_for 20 nothing_left
}

test_it set_up
test_it same_state disk_cycle w $image
test_it same_state disk_cycle r $image
ln -s /dev/ram0 /tmp/link
test_it same_state disk_cycle w /tmp/link
test_it same_state vif_cycle vif '' '' xenbr0
test_it same_state vif_cycle tap '' 1300 xenbr0
# Xen's scripts take seconds for each.
if [ "${1:-}" != short ]; then
	test_it same_state disk_cycle 'w!' $image
	test_it same_state disk_cycle r /dev/ram0
	test_it same_state disk_cycle w /tmp/missing.img
	test_it same_state disk_cycle w /tmp
	test_it unwritable_file
	test_it same_state vif_cycle vif '' 1300 xenbr0
	test_it same_state vif_cycle tap '' '' xenbr0
	test_it same_state vif_cycle vif much-too-long-for-linux '' xenbr0
fi
test_it same_state vif_cycle vif '' '' nobridge
test_it renames
chmod a-w $image
test_it refuses busy 'is read-only' w $image
chmod u+w $image
test_it refuses_used w w
test_it refuses_used w r
test_it refuses_used r w
test_it shares_used r r
test_it shares_used 'w!' w
test_it refuses_mounted
test_it shares_lock
test_it detaches_removed_file
test_it hands_over
test_it lives
test_it starts_few
finish
