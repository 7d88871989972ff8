#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0, with the disk that selftests/ci/deb-test wrote as the third one: a Debian with Xen,
# where apt has installed our packages. Its xl and our programs in it restore a guest. Then apt
# removes them.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

image=/tmp/guest.save
debian=/mnt
stats=/tmp/stats.json

# By its path, as busybox would run its own env, and its own dpkg.
in_debian()
{
	chroot $debian /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		DEBIAN_FRONTEND=noninteractive "$@"
}

find_disk()
{
	for block in /sys/block/sd*; do
		case $(readlink -f "$block") in
		*/ata3/*) echo "/dev/${block##*/}" ;;
		esac
	done
}

# What runs in this dom0, such as xenstored, is shared with Debian's programs.
set_up()
{
	modprobe ext4 && mount "$(find_disk)" $debian || return
	for dir in dev proc sys run tmp; do
		mount --rbind /$dir $debian/$dir || return
	done
	mkdir -p $debian/var/lib/xen $debian/var/log/xen
	mount --bind /var/lib/xen $debian/var/lib/xen && mount --bind /var/log/xen $debian/var/log/xen &&
		rm -f /usr/local/bin/xen-thaw* && [ ! -e /dev/xen/thaw ]
}

module_loads()
{
	in_debian modprobe xen_thaw && [ -c /dev/xen/thaw ]
}

save_guest()
{
	guest_start pvh guest 128 16 && remember_md5 guest && in_debian xl save guest $image
}

# The stock helper restores as long as nobody asks for ours.
reference()
{
	rm -f $stats
	in_debian XEN_THAW_STATS=$stats xl restore -p $image >$log 2>&1 &&
		frames "$(domid guest)" >/tmp/frames.ref &&
		[ ! -e $stats ] && [ "$(wc -l </tmp/frames.ref)" -gt 32000 ] && guest_destroy guest
}

# was_fast: the module has restored the same guest, and it runs on
was_fast()
{
	[ "$(stat engine)" = module ] || why "engine $(stat engine): $(cat $log)" || return
	frames_are /tmp/frames.ref guest && runs_on guest && guest_destroy guest
}

by_command()
{
	in_debian xen-thaw restore --engine module --stats $stats -p $image >$log 2>&1 && was_fast
}

# After xen-thaw enable, xl needs no variable.
by_xl()
{
	rm -f $stats
	in_debian xen-thaw enable &&
		in_debian XEN_THAW_STATS=$stats xl restore -p $image >$log 2>&1 && was_fast
}

saves_packed()
{
	guest_start pvh guest 128 16 && in_debian xl save guest /tmp/packed.save >$log 2>&1 &&
		in_debian xen-thaw info /tmp/packed.save >/tmp/info &&
		grep '^Packed: *yes' /tmp/info
}

doctor_is_content()
{
	in_debian xen-thaw doctor $image >/tmp/doctor || why "$(cat /tmp/doctor)" || return
	for line in xen dom0 linux helper stock plugin module loaded device xl hotplug file type \
		guest-memory name cpu; do
		grep -q "^ok  *$line " /tmp/doctor || why "$line: $(cat /tmp/doctor)" || return
	done
}

disabled()
{
	in_debian xen-thaw disable && rm -f $stats &&
		in_debian XEN_THAW_STATS=$stats xl restore -p $image >$log 2>&1 &&
		[ ! -e $stats ] && guest_destroy guest
}

# Removes everything, while the module is loaded and the helper is in Xen's place.
removes_all()
{
	in_debian xen-thaw enable &&
		in_debian apt-get -y -qq purge xen-thaw xen-thaw-dkms xen-thaw-hotplug xen-thaw-dev &&
		in_debian apt-get -y -qq autoremove --purge || return
	[ ! -e /dev/xen/thaw ] || why "the module is still loaded" || return
	left=$(find $debian/etc $debian/usr $debian/lib/modules $debian/var/lib -name '*xen*thaw*' \
		-o -name '*.stock')
	[ -z "$left" ] || why "left: $left" || return
	in_debian dpkg --verify "xen-utils-$(xl info xen_major).$(xl info xen_minor)" xen-utils-common
}

stock_again()
{
	in_debian xl restore $image >$log 2>&1 && goes_on guest && guest_destroy guest
}

test_it set_up
test_it module_loads
test_it save_guest
test_it reference
test_it by_command
test_it by_xl
test_it doctor_is_content
test_it saves_packed
test_it disabled
test_it removes_all
test_it stock_again
sync
finish
