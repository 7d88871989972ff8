#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0, with a disk. On a filesystem without holes (vfat), a core, a packed
# image and a save have the usual contents, but are larger, and a line says so. A full
# disk leaves nothing of them.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

disk=/mnt/vfat
image=/tmp/guest.save

make_disk()
{
	modprobe -a vfat nls_cp437 nls_ascii && mkdosfs /dev/scratch &&
		mkdir -p $disk && mount -t vfat /dev/scratch $disk
}

start()
{
	guest_start pv guest 96 8 && remember_md5 guest && xl save -c guest $image
}

# takes_its_size FILE: it has no holes, and a line said so
takes_its_size()
{
	grep "$1: its filesystem does not support holes: [0-9]* pages of zeros take space" \
		$log || return
	used=$(du -k "$1" | cut -f1) size=$(($(wc -c <"$1") / 1024))
	[ "$used" -ge "$size" ] || why "$used KiB of $size on disk: it has holes"
}

nothing_left()
{
	left=$(find $disk -type f ! -name fill)
	[ -z "$left" ] || why "left behind: $left"
}

dumped()
{
	xl pause guest && xen-thaw dump guest /tmp/guest.core &&
		xen-thaw dump guest $disk/guest.core 2>$log || return
	cmp /tmp/guest.core $disk/guest.core && takes_its_size $disk/guest.core &&
		xl unpause guest && goes_on guest || return
	rm /tmp/guest.core $disk/guest.core
}

packed()
{
	xen-thaw pack $image /tmp/packed.save &&
		xen-thaw pack $image $disk/packed.save 2>$log || return
	cmp /tmp/packed.save $disk/packed.save &&
		takes_its_size $disk/packed.save || return
	rm /tmp/packed.save $disk/packed.save
}

save()
{
	xl_thaw save "$1" guest $disk/guest.save
}

# $image is of the same guest, but of another moment.
saved()
{
	save -p && guest_destroy guest && takes_its_size $disk/guest.save &&
		xen-thaw verify $disk/guest.save || return
	pv_reference $disk/guest.save /tmp/frames.ref && guest_destroy guest ||
		return
	restore module $disk/guest.save -p && frames_are /tmp/frames.ref guest &&
		runs_on guest && rm $disk/guest.save
}

available_mib()
{
	df -m $disk | awk 'END { print $4 }'
}

# leave MIB: fills the disk until MIB are free
leave()
{
	rm -f $disk/fill
	dd if=/dev/zero of=$disk/fill bs=1M count=$(($(available_mib) - $1)) 2>$log
}

# no_room MIB
no_room()
{
	leave "$1" || return
	! xen-thaw dump guest $disk/guest.core 2>$log &&
		grep 'cannot write: No space' $log && nothing_left || return
	! xen-thaw pack $image $disk/packed.save 2>$log &&
		grep 'cannot write: No space' $log && nothing_left || return
	! save -c && grep 'cannot write: No space' $log &&
		grep 'Failed to save domain, resuming domain' $log || return
	rm $disk/guest.save
	goes_on guest && no_helper
}

test_it make_disk
[ $failed = 0 ] || finish || exit
free_before=$(host_free_mem)
test_it start
test_it dumped
test_it packed
for mib in 1 40 80; do
	test_it no_room $mib
done
rm -f $disk/fill
test_it saved
test_it guest_destroy guest
test_it wait_for 30 free_mem_is "$free_before"
finish
