# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# For tests of Xen's scripts in dom0: calls as libxl makes them, and what they leave.
# devices.sh comes before it.

image=/tmp/disk.img
# shellcheck disable=SC2034 # for the tests
saved=/tmp/devices.save
# Of a domain that does not exist: only the scripts look at it.
front=990
vbd=/local/domain/0/backend/vbd/$front/51712
# shellcheck disable=SC2034 # for the tests
vif=/local/domain/0/backend/vif/$front/0

set_up()
{
	for module in dummy brd ext4; do
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

# script WHO NAME COMMAND [ARGUMENT]...: as libxl calls it; WHO is stock or native. With become=exec,
# the shell in the background becomes the script, which can be killed.
script()
{
	who=$1 name=$2
	shift 2
	# shellcheck disable=SC2154 # scripts is in devices.sh
	XEN_THAW_HOTPLUG=$who XENBUS_BASE_PATH=backend ${become:-} "$scripts/$name" "$@" \
		>>/tmp/script.log 2>&1
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

no_loops()
{
	[ -z "$(losetup -a)" ] || why "left over: $(losetup -a)"
}

tidy()
{
	losetup -D
	for link in vif$front.0 vif$front.0-emu custom custom-emu; do
		ip link del "$link" 2>/dev/null
	done
	clean_store
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

locks_are_free()
{
	[ ! -e /run/xen-hotplug/block ] || flock -n /run/xen-hotplug/block true ||
		why "somebody has the lock"
}

no_device_left()
{
	no_loops && locks_are_free || return
	! ip link | grep -E ': vif[1-9]' || why "links are left"
}

nothing_left()
{
	no_device_left || return
	# libxl leaves an empty node for the console if xl destroy meets a restore.
	! xenstore-ls -f /local/domain/0/backend 2>/dev/null | grep -E '/backend/(vbd|vif)/' ||
		why "that is left in xenstore"
}

# start_guest DISKS: with four; it may be rebooted
start_guest()
{
	guest_start pvh guest 128 1 "disk=[$1]" "vif=['bridge=xenbr0']" \
		"$(devices_extra 4)" 'on_reboot="restart"'
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
