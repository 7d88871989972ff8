#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0, with what libvirt needs there (run-dom0 --libvirt). virsh saves and restores
# through our helper, which libvirtd finds as docs/libvirt.md says.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

image=/tmp/guest.save
packed=/tmp/packed.save
# Of libvirt's Xen driver, its configuration's default
managed=/var/lib/libvirt/libxl/save/guest.save

virsh()
{
	/usr/bin/virsh -q -c xen:///system "$@" >>$log 2>&1
}

libvirt_answers()
{
	virsh version
}

# start_libvirt [SETTING]...: with the variable of the systemd drop-in in docs/libvirt.md
start_libvirt()
{
	setting=$(sed -n 's/^ *Environment=//p' /root/libvirt.md)
	[ "$setting" ] || why "docs/libvirt.md has no drop-in" || return
	env "$setting" XEN_THAW_STATS=$stats "$@" libvirtd >/tmp/libvirtd.log 2>&1 &
	wait_for 60 libvirt_answers || why "$(cat /tmp/libvirtd.log)"
}

stop_libvirt()
{
	killall libvirtd && wait
}

set_up()
{
	ip link set lo up
	mkdir -p /usr/local/libexec && ln -s /usr/local/bin/xen-thaw-helper /usr/local/libexec/ &&
		start_libvirt
}

# The guest of xl.cfg, as libvirt converts it
start()
{
	sed 's/^name.*/name = "guest"/; s/^memory.*/memory = 96/; s/fill=16/fill=8/' \
		/guest/pvh.cfg >/tmp/guest.cfg
	/usr/bin/virsh -c xen:///system domxml-from-native xen-xl /tmp/guest.cfg >/tmp/guest.xml &&
		virsh define /tmp/guest.xml && virsh start guest &&
		guest_wait_tick guest 600 >/tmp/md5
}

engine_was()
{
	[ "$(stat engine)" = "$1" ] || why "engine $(stat engine)"
}

# is_packed FILE: the last save made it; only libxl's own records have no checksum
is_packed()
{
	[ "$(stat form)" = packed ] || why "form $(stat form)" || return
	xen-thaw verify --json "$1" >/tmp/verify || return
	[ $(($(verify_says bytes) - $(verify_says checksummed_bytes))) -lt 64 ] ||
		why "$(cat /tmp/verify)"
}

# save_is_packed: libvirt saves through our helper, and the guest is gone
save_is_packed()
{
	virsh save guest $image && no_domain guest && is_packed $image
}

info_knows_guest()
{
	xen-thaw info $image >/tmp/info || return
	grep '^Saved by: *libvirt, Xen' /tmp/info &&
		grep '^Guest: *guest, pvh, 1 vCPU, 96.0 MiB' /tmp/info
}

# The frames of a restore by the stock helper alone, to compare with
reference()
{
	stop_libvirt && start_libvirt XEN_THAW_ENGINE=stock && virsh restore --paused $image &&
		engine_was stock && frames "$(domid guest)" >/tmp/frames.ref || return
	[ "$(wc -l </tmp/frames.ref)" -gt 20000 ] || why "$(wc -l </tmp/frames.ref) frames" ||
		return
	virsh destroy guest && stop_libvirt && start_libvirt
}

# restores FILE
restores()
{
	virsh restore --paused "$1" && engine_was module && frames_are /tmp/frames.ref guest &&
		virsh resume guest && goes_on guest && virsh destroy guest
}

packed_again()
{
	xen-thaw pack -f $image $packed && restores $packed && rm $packed
}

job_info()
{
	virsh restore $image && virsh domjobinfo guest && goes_on guest
}

managed_save()
{
	virsh managedsave guest && [ -s $managed ] && no_domain guest &&
		is_packed $managed || return
	virsh start guest && engine_was module && goes_on guest && [ ! -e $managed ] &&
		virsh destroy guest
}

# A restore that fails leaves no domain, and libvirt goes on.
aborted()
{
	head -c 20000000 $image >/tmp/bad.save
	! virsh restore /tmp/bad.save && no_domain guest && no_helper || return
	grep 'bad.save: offset [0-9]*: ' /tmp/libvirtd.log ||
		why "libvirtd's log: $(cat /tmp/libvirtd.log)" || return
	rm /tmp/bad.save
	restores $image
}

killed()
{
	virsh restore $image &
	wait_for 60 pidof xen-thaw-helper && killall -9 xen-thaw-helper
	wait
	no_domain guest && wait_for 10 no_helper && restores $image
}

# xl cannot restore it, and says so; xen-thaw restore names virsh.
not_for_xl()
{
	! xl restore $image && ! xen-thaw restore $image 2>$log && grep 'virsh restore' $log
}

free_before=$(host_free_mem)
test_it set_up
test_it start
[ $failed = 0 ] || finish || exit
test_it save_is_packed
test_it info_knows_guest
test_it reference
test_it restores $image
test_it packed_again
test_it job_info
test_it managed_save
test_it aborted
test_it killed
test_it not_for_xl
test_it stop_libvirt
test_it wait_for 30 free_mem_is "$free_before"
finish
