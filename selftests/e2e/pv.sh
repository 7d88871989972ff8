#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0. The tests of restore.sh, with PV guests. A restore has to change
# machine frame numbers in them; the frames program makes these comparable. With the
# argument short, only those tests run that are fast on a PVH dom0, where each mapping
# is expensive.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

image=/tmp/guest.save

start_and_save()
{
	guest_start pv guest 128 16 || return
	remember_md5 guest || return
	xl save guest $image
}

same_as_stock()
{
	restore "$1" "${2:-$image}" -p || return
	frames_are /tmp/frames.ref guest || return
	[ "$(stat engine)" = "$1" ] || why "engine $(stat engine)" || return
	[ "$(stat guest)" = pv ] || why "guest $(stat guest)" || return
	runs_on guest && guest_destroy guest
}

save_again()
{
	restore module $image && guest_wait_tick guest >/dev/null || return
	xl save guest /tmp/second.save || return
	pv_reference /tmp/second.save /tmp/frames.second || return
	runs_on guest && guest_destroy guest || return
	restore module /tmp/second.save -p || return
	frames_are /tmp/frames.second guest && runs_on guest &&
		guest_destroy guest && rm /tmp/second.save
}

# Memory that the guest gave back must stay away, and all other memory be there.
ballooned()
{
	guest_start pv guest 160 16 && remember_md5 guest || return
	xl mem-set guest 128 || return
	sleep 3
	xl save guest /tmp/small.save || return
	pv_reference /tmp/small.save /tmp/frames.ref || return
	runs_on guest && guest_destroy guest || return
	same_as_stock module /tmp/small.save && rm /tmp/small.save
}

two_vcpus()
{
	sed -i 's/^vcpus.*/vcpus = 2/' /guest/pv.cfg
	guest_start pv guest 128 16 && remember_md5 guest || return
	xl save guest /tmp/smp.save || return
	pv_reference /tmp/smp.save /tmp/frames.ref || return
	guest_destroy guest || return
	same_as_stock module /tmp/smp.save && rm /tmp/smp.save
}

# The stock helper gets the whole stream, and a line says so.
no_library()
{
	mv /usr/local/bin/xen-thaw-pv.so /tmp/ || return
	restore module $image -p
	status=$?
	mv /tmp/xen-thaw-pv.so /usr/local/bin/
	[ $status = 0 ] || return
	grep -q 'handed to the stock helper' $log || return
	frames_are /tmp/frames.ref guest && guest_destroy guest
}

# A library that cannot be loaded has the same effect as none.
bad_library()
{
	cp /usr/local/bin/xen-thaw-pv.so /tmp/ || return
	echo damaged >/usr/local/bin/xen-thaw-pv.so
	restore module $image -p
	status=$?
	cp /tmp/xen-thaw-pv.so /usr/local/bin/
	[ $status = 0 ] || return
	grep -q 'handed to it whole' $log || return
	frames_are /tmp/frames.ref guest && guest_destroy guest
}

no_module()
{
	rmmod xen_thaw || return
	restore auto $image -p || return
	grep -q 'modprobe xen_thaw.*falling back to' $log || return
	frames_are /tmp/frames.ref guest && runs_on guest &&
		guest_destroy guest
}

# truncated_at PERCENT: restores a file that is cut there
truncated_at()
{
	cp $image /tmp/bad.save &&
		truncate -s $(($(wc -c <$image) * $1 / 100)) /tmp/bad.save ||
		return
	! restore module /tmp/bad.save -p || return
	grep -q '^xen-thaw-helper: /tmp/bad.save: offset [0-9]*: ' $log &&
		no_domain guest && no_helper
}

# stopped SIGNAL: sends it during a restore
stopped()
{
	(restore module $image -p) &
	until pid=$(pidof xen-thaw-helper) && [ -n "$pid" ]; do
		[ -d /proc/$! ] || return
	done
	sleep 0.2
	# shellcheck disable=SC2086 # there may be two
	kill "-$1" ${pid%% *} 2>/dev/null
	wait
	guest_gone guest || guest_destroy guest
	no_helper
}

free_before=$(host_free_mem)
test_it start_and_save
[ $failed = 0 ] || finish || exit
test_it stock_reference pv $image /tmp/frames.ref 30000
test_it same_as_stock module
if [ "$*" != short ]; then
	test_it same_as_stock mmapbatch
	test_it same_as_stock gntdev
	test_it no_library
	test_it bad_library
	test_it save_again
	for part in 1 50 99; do
		test_it truncated_at $part
	done
	test_it no_module
	insmod /job/xen_thaw.ko
	test_it ballooned
fi
test_it stopped TERM
test_it stopped KILL
test_it two_vcpus
test_it wait_for 30 free_mem_is "$free_before"
finish
