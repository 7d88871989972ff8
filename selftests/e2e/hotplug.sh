#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0: hotplug.sh [KILLS]. xen-thaw-hotplug and Xen's own scripts set up disks and
# interfaces side by side, and leave the same. Then guests use their devices, calls fail, and
# scripts are killed. With less than 10 kills there are fewer kinds of devices.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh
# shellcheck source=selftests/e2e/devices.sh
. /root/devices.sh

kills=${1:-10}
image=/tmp/disk.img
saved=/tmp/devices.save
# Of a domain that does not exist: only the scripts look at it.
front=990
vbd=/local/domain/0/backend/vbd/$front/51712
vif=/local/domain/0/backend/vif/$front/0

set_up()
{
	for module in dummy brd crc32c_generic ext4; do
		modprobe $module || return
	done
	install_hotplug && make_bridge && dd if=/dev/zero of=$image bs=1M count=8 2>/dev/null
}

# new_disk MODE PARAMS [DOMAIN]: what libxl writes before it calls the script
new_disk()
{
	path=/local/domain/0/backend/vbd/${3:-$front}/51712
	xenstore-write "$path/frontend-id" "${3:-$front}" "$path/params" "$2" \
		"$path/mode" "$1" "$path/state" 2 "$path/type" phy \
		"/local/domain/${3:-$front}/vm" "/vm/test-${3:-$front}"
}

# script WHO NAME COMMAND [ARGUMENT]...: as libxl calls it; WHO is stock or native
script()
{
	who=$1 name=$2
	shift 2
	XEN_THAW_HOTPLUG=$who XENBUS_BASE_PATH=backend $scripts/"$name" "$@" >>/tmp/script.log 2>&1
}

# block WHO COMMAND [DOMAIN]
block()
{
	XENBUS_TYPE=vbd XENBUS_PATH=backend/vbd/${3:-$front}/51712 script "$1" block "$2"
}

# vif WHO COMMAND
vif()
{
	XENBUS_TYPE=vif XENBUS_PATH=backend/vif/$front/0 vif=vif$front.0 \
		INTERFACE=vif$front.0-emu script "$1" vif-bridge "$2" type_if="${3:-vif}"
}

clean_store()
{
	for path in backend/vbd backend/vif $front 991; do
		xenstore-rm "/local/domain/0/$path" 2>/dev/null
		xenstore-rm "/local/domain/$path" 2>/dev/null
	done
	return 0
}

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

no_loops()
{
	[ -z "$(losetup -a)" ] || why "left over: $(losetup -a)"
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

tidy()
{
	losetup -D
	for link in vif$front.0 vif$front.0-emu custom custom-emu; do
		ip link del "$link" 2>/dev/null
	done
	clean_store
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

refused()
{
	[ "$(xenstore-read $vbd/hotplug-status)" = "$1" ] ||
		why "hotplug-status is $(xenstore-read $vbd/hotplug-status)" || return
	xenstore-read $vbd/hotplug-error >/tmp/error && grep -q "$2" /tmp/error ||
		why "hotplug-error: $(cat /tmp/error)" || return
	no_loops_of_test
}

no_loops_of_test()
{
	! losetup -l -n -O NAME | grep -qvx "${expected_loop:-none}"
}

# refuses STATUS TEXT MODE PARAMS
refuses()
{
	expected_loop=
	clean_store
	new_disk "$3" "$4" && ! block native add && refused "$1" "$2"
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

# The device goes while the script waits for the lock.
survives_removal()
{
	clean_store
	new_disk w $image
	mkdir -p /run/xen-hotplug
	flock /run/xen-hotplug/block sh -c 'sleep 3; xenstore-rm '$vbd &
	sleep 1
	! block native add || return
	wait
	[ -z "$(xenstore-ls $vbd 2>/dev/null)" ] || why "left: $(xenstore-ls $vbd)" || return
	tidy
	no_loops
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

# killed: at random moments; "remove" finds all that is left
killed()
{
	n=0
	while [ $((n += 1)) -le "$kills" ]; do
		clean_store
		new_disk w $image
		XENBUS_TYPE=vbd XENBUS_BASE_PATH=backend XENBUS_PATH=backend/vbd/$front/51712 \
			$scripts/block add >/dev/null 2>&1 &
		pid=$!
		usleep "$(od -A n -N 2 -t u2 /dev/urandom | tr -d " ")"
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
		block native remove || why "remove: $(tail -n 3 /tmp/script.log)" || return
		no_loops || return
	done
	new_disk w $image && tidy && new_disk w $image && block native add && block native remove &&
		tidy && no_loops
}

start_guest()
{
	guest_start pvh guest 128 1 "disk=[$(disks 4)]" "vif=['bridge=xenbr0']" \
		"$(devices_extra 4)"
}

count_in_log()
{
	grep -c "$1" "$(guest_log guest)"
}

more_in_log()
{
	[ "$(count_in_log "$1")" -gt "$2" ]
}

# The guest reads what it writes, and what it wrote is in the file; dom0 answers.
devices_work()
{
	for what in 'disk xvda' 'disk xvdd' 'net 10.9.0.1 answers'; do
		wait_for 240 more_in_log "$what" "$(count_in_log "$what")" ||
			why "no more \"$what\": $(tail -n 8 "$(guest_log guest)")" || return
	done
	sum=$(sed -n 's/^disk xvda 0 \([0-9a-f]*\).*/\1/p' "$(guest_log guest)" | tail -n 1)
	wait_for 60 file_has "$sum" || why "the file has not what the guest wrote"
}

file_has()
{
	[ "$(dd if=/tmp/a.img bs=4096 count=16 2>/dev/null | md5sum | cut -d' ' -f1)" = "$1" ]
}

nothing_left()
{
	no_loops || return
	! ip link | grep -E ': vif[1-9]' || why "links are left" || return
	[ -z "$(xenstore-ls /local/domain/0/backend 2>/dev/null)" ] ||
		why "left in xenstore: $(xenstore-ls -f /local/domain/0/backend)"
}

lives()
{
	start_guest && devices_work && xl save guest $saved >$log 2>&1 && nothing_left || return
	restore auto $saved && devices_work || why "$(tail -n 5 $log)" || return
	xl reboot -F guest >$log 2>&1 || return
	devices_work && guest_destroy guest || return
	wait_for 20 nothing_left
}

# No process for a device, but for the script that libxl starts.
starts_few()
{
	before=$(processes_started)
	restore auto $saved || why "$(tail -n 5 $log)" || return
	number=$(($(processes_started) - before))
	echo "# $number processes"
	# The three of the test itself are not xl's.
	[ $number -le 20 ] && guest_destroy guest && wait_for 20 nothing_left
}

test_it set_up
test_it same_state disk_cycle w $image
test_it same_state disk_cycle r $image
ln -s /dev/ram0 /tmp/link
test_it same_state disk_cycle w /tmp/link
test_it same_state vif_cycle vif '' '' xenbr0
test_it same_state vif_cycle tap '' 1300 xenbr0
# Xen's scripts take seconds for each.
if [ "$kills" -ge 10 ]; then
	test_it same_state disk_cycle 'w!' $image
	test_it same_state disk_cycle r /dev/ram0
	test_it same_state disk_cycle w /tmp/missing.img
	test_it same_state disk_cycle w /tmp
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
test_it survives_removal
test_it shares_lock
test_it detaches_removed_file
test_it hands_over
test_it killed
test_it lives
test_it starts_few
finish
