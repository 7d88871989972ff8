#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0: hotplug-errors.sh [KILLS]. Calls of xen-thaw-hotplug fail, and are killed;
# domains go while their devices are set up. Nothing is left, and the next call works.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh
# shellcheck source=selftests/e2e/devices.sh
. /root/devices.sh
# shellcheck source=selftests/e2e/hotplug-calls.sh
. /root/hotplug-calls.sh

kills=${1:-10}

# works WHO: adds a disk and removes it
works()
{
	clean_store
	new_disk w $image && block "$1" add && block "$1" remove && tidy && no_loops
}

# The device node is gone with the module, or the module is gone from under the node.
without_loop_module()
{
	rmmod loop || return
	refuses error 'no free loop device.*/dev/loop-control.*modprobe loop' w $image || return
	ko=$(find /lib/modules -name 'loop.ko*') && mv "$ko" /tmp/loop.hidden || return
	mknod /dev/loop-control c 10 237
	refuses error 'no free loop device.*/dev/loop-control.*modprobe loop' w $image
	result=$?
	rm -f /dev/loop-control
	mv /tmp/loop.hidden "$ko"
	modprobe loop && works native && return $result
}

# The number of devices that the module makes at its start is no limit.
max_loop()
{
	rmmod loop && modprobe loop max_loop=1 || return
	clean_store
	new_disk r $image && new_disk r $image 991 && block native add &&
		block native add 991 && [ "$(losetup -a | wc -l)" = 2 ] &&
		block native remove && block native remove 991 && tidy && no_loops
}

# A name is no command, no pattern and no format.
hostile_names()
{
	# shellcheck disable=SC2016 # not to be expanded
	for file in '%n%s%s' 'a b' '$(touch x)' ';touch x;' '*' '-o' "it's"; do
		cp $image "/tmp/$file" && clean_store && new_disk w "/tmp/$file" &&
			block native add && losetup -a | grep -qF "(/tmp/$file)" &&
			block native remove && no_loops || why "$file" || return
		chmod a-w "/tmp/$file"
		refuses busy 'is read-only' w "/tmp/$file" || return
		grep -qF "/tmp/$file is" /tmp/error || why "$file: $(cat /tmp/error)" || return
		rm "/tmp/$file"
	done
	[ ! -e x ] && [ ! -e /tmp/x ]
}

# The device goes while the script waits for the lock.
removed_before_lock()
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

one_wins()
{
	n=0
	while [ $((n += 1)) -le "$kills" ]; do
		clean_store
		new_disk w $image
		new_disk w $image 991
		block native add &
		block native add 991 &
		wait
		won=$(xenstore-ls -f /local/domain/0/backend/vbd | grep -c 'status = "connected"')
		[ "$won" = 1 ] || why "$won got the disk" || return
		block native remove
		block native remove 991
		tidy
		no_loops || return
	done
}

random_moment()
{
	usleep "$(od -A n -N 2 -t u2 /dev/urandom | tr -d ' ')"
}

# disk_killed: at random moments; "remove" finds all that is left
disk_killed()
{
	n=0
	while [ $((n += 1)) -le "$kills" ]; do
		clean_store
		new_disk w $image
		become='exec' block native add &
		pid=$!
		random_moment
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
		block native remove || why "remove: $(tail -n 3 /tmp/script.log)" || return
		no_loops && locks_are_free || return
	done
	works native
}

# vif_killed: at random moments; "offline" takes it from the bridge
vif_killed()
{
	n=0
	while [ $((n += 1)) -le "$kills" ]; do
		clean_store
		ip link add vif$front.0 type dummy
		xenstore-write $vif/frontend-id $front $vif/state 2 $vif/bridge xenbr0
		become='exec' vif native online &
		pid=$!
		random_moment
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
		vif native offline && [ -z "$(ls /sys/class/net/xenbr0/brif)" ] ||
			why "offline: $(tail -n 3 /tmp/script.log)" || return
		tidy
	done
	ip link add vif$front.0 type dummy
	xenstore-write $vif/frontend-id $front $vif/bridge xenbr0
	vif native online && [ "$(xenstore-read $vif/hotplug-status)" = connected ]
	result=$?
	tidy
	return $result
}

# A bridge of Linux has 1023 ports.
full_bridge()
{
	n=0
	while [ $((n += 1)) -le 1023 ]; do
		echo "link add port$n type dummy"
		echo "link set port$n master full"
	done >/tmp/ports
	ip link add full type bridge && ip -batch /tmp/ports || return
	ip link add vif$front.0 type dummy
	xenstore-write $vif/frontend-id $front $vif/state 2 $vif/bridge full
	! vif native online && [ "$(xenstore-read $vif/hotplug-status)" = error ] &&
		xenstore-read $vif/hotplug-error | grep 'add it to the bridge: Exchange full'
	result=$?
	sed -n 's/link add \(.*\) type.*/link del \1/p' /tmp/ports >/tmp/no-ports
	ip -batch /tmp/no-ports
	ip link del full
	tidy
	return $result
}

start_and_save()
{
	start_guest "$(disks 4)" && devices_work && xl save guest $saved >$log 2>&1 &&
		wait_for 20 nothing_left
}

restores_again()
{
	wait_for 30 nothing_left || return
	restore auto $saved && guest_destroy guest || why "$(tail -n 5 $log)" || return
	wait_for 20 nothing_left
}

# libxl kills a script after 10 seconds.
timed_out()
{
	flock /run/xen-hotplug/block sleep 60 &
	pid=$!
	! restore auto $saved && grep -i 'timed\? \?out\|timeout' $log ||
		why "$(tail -n 8 $log)" || return
	no_domain guest && kill $pid
	# flock waits for sleep, which has the lock.
	killall sleep
	wait
	restores_again
}

# If the domain is gone when the restore fails, libxl leaves the devices in xenstore, and does not
# call the script (libxl__destroy_domid(), 4.17). That is so with Xen's scripts, too. What
# xenstore names is enough to remove them.
remove_what_libxl_left()
{
	for path in $(xenstore-ls -f /local/domain/0/backend/vbd 2>/dev/null | sed -n 's|/params = .*||p'); do
		XENBUS_TYPE=vbd XENBUS_PATH=${path#/local/domain/0/} script native block remove ||
			why "remove $path: $(tail -n 3 /tmp/script.log)" || return
	done
}

# A restore in parallel with xl destroy, from a random moment on
destroyed_in_the_middle()
{
	n=0
	while [ $((n += 1)) -le "$kills" ]; do
		restore auto $saved &
		wait_for 60 disk_is_set_up || why "no disk" || return
		random_moment
		xl destroy guest
		wait
		guest_gone guest || xl destroy guest
		remove_what_libxl_left && wait_for 30 no_device_left || return
		xenstore-rm /local/domain/0/backend/vbd 2>/dev/null
		xenstore-rm /local/domain/0/backend/vif 2>/dev/null
	done
	restores_again
}

disk_is_set_up()
{
	xenstore-ls -f /local/domain/0/backend/vbd 2>/dev/null | grep -q 'params ='
}

test_it set_up
test_it without_loop_module
test_it max_loop
test_it hostile_names
test_it removed_before_lock
test_it one_wins
test_it disk_killed
test_it vif_killed
# That takes a minute.
[ "$kills" -lt 10 ] || test_it full_bridge
test_it start_and_save
test_it timed_out
test_it destroyed_in_the_middle
finish
