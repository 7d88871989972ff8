#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0, with a disk and little memory. A restore with XEN_THAW_CACHE=drop
# restores every frame as stock does, and leaves the page cache as it was: exactly
# those pages are cached afterwards that were cached before. With the argument short,
# only those tests run that are fast on a PVH dom0, where each mapping is expensive.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

disk=/tmp/disk
image=$disk/guest.save
other=$disk/other
# KiB of record headers and page lists that stay cached for an image of about 100 MiB:
# 40 for each 4 MiB, and for a PVH guest 8 MiB of lists of pages without data.
few=10240

make_disk()
{
	modprobe ext4
	mkdir -p $disk && mke2fs -q -t ext4 -F /dev/scratch &&
		mount /dev/scratch $disk
}

# start_and_save KIND MIB FILL
start_and_save()
{
	guest_start "$1" guest "$2" "$3" && remember_md5 guest &&
		xl save guest $image
}

# cold FILE: drops all of it from the page cache
cold()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches
	[ "$(resident "$1")" -lt 100 ] || why "$1: $(resident "$1") KiB are cached"
}

# warm FILE
warm()
{
	cat "$1" >/dev/null && all_cached "$1"
}

all_cached()
{
	[ $((1024 * $(resident "$1"))) -ge "$(wc -c <"$1")" ] ||
		why "$1: only $(resident "$1") KiB are cached"
}

few_cached()
{
	[ "$(resident "$1")" -le $few ] || why "$1: $(resident "$1") KiB are cached"
}

# drops ENGINE HOW SAYS [FILE]: restores the same frames as stock, reads in the way HOW,
# and prints SAYS
drops()
{
	export XEN_THAW_CACHE=drop
	restore "$1" "${4:-$image}" -p || return
	frames_are /tmp/frames.ref guest || return
	[ "$(stat engine)" = "$1" ] || why "engine $(stat engine)" || return
	[ "$(stat cache)" = "$2" ] || why "cache $(stat cache)" || return
	grep "$3" $log || why "did not say: $3" || return
	runs_on guest && guest_destroy guest
}

cold_image()
{
	cold $image && drops "$1" "$2" "$3" && few_cached $image
}

# The command has an option for it.
command_line()
{
	cold $image || return
	xen-thaw restore --engine module --cache drop --stats $stats -p $image \
		>$log 2>&1 || return
	[ "$(stat cache)" = direct ] || why "cache $(stat cache)" || return
	frames_are /tmp/frames.ref guest && few_cached $image &&
		guest_destroy guest
}

# Cached pages of others stay.
others_stay()
{
	cold $image && warm $other || return
	drops module direct 'read directly' && all_cached $other || return
	drops mmapbatch drop-behind 'read and dropped' && all_cached $other
}

warm_image()
{
	warm $image || return
	drops module keep 'were in the page cache and stay, 0 MiB' &&
		all_cached $image || return
	drops mmapbatch keep 'were in the page cache and stay, 0 MiB' &&
		all_cached $image
}

# half_warm_image ENGINE
half_warm_image()
{
	cold $image || return
	dd if=$image bs=1M count=50 of=/dev/null 2>/dev/null
	before=$(resident $image)
	drops "$1" "$([ "$1" = module ] && echo direct || echo drop-behind)" \
		"MiB were in the page cache" || return
	after=$(resident $image)
	[ "$after" -ge "$before" ] && [ "$after" -le $((before + few)) ] ||
		why "cached: $before KiB, then $after KiB" || return
}

packed_image()
{
	xen-thaw pack $image $disk/packed.save || return
	cold $disk/packed.save || return
	drops module direct 'read directly' $disk/packed.save || return
	few_cached $disk/packed.save || return
	[ "$(stat copy_ops)" -le $(($(stat pages) * 51 / 50)) ] ||
		why "$(stat copy_ops) copy ops for $(stat pages) pages"
}

# All of tmpfs is page cache: nothing to read from a disk, nothing to drop.
from_tmpfs()
{
	mkdir -p /tmp/mem && mount -t tmpfs none /tmp/mem &&
		cp $image /tmp/mem/guest.save || return
	drops module keep 'were in the page cache and stay, 0 MiB' \
		/tmp/mem/guest.save || return
	cmp $image /tmp/mem/guest.save && umount /tmp/mem
}

# ext4 has no direct reads for files whose data goes through the journal.
journalled()
{
	umount $disk && mount -o data=journal /dev/scratch $disk || return
	cold $image &&
		drops module drop-behind 'cannot be read directly: .*not supported' &&
		few_cached $image
	status=$?
	umount $disk && mount /dev/scratch $disk && return $status
}

# The size of a device is a multiple of the sector size.
from_block_device()
{
	modprobe loop
	size=$(wc -c <$image)
	head -c $((4096 - size % 4096)) /dev/zero >>$image
	losetup /dev/loop0 $image && cold /dev/loop0 || return
	drops module direct 'read directly' /dev/loop0 || return
	losetup -d /dev/loop0
}

no_module()
{
	rmmod xen_thaw && cold $image || return
	drops mmapbatch drop-behind 'read through the page cache' &&
		few_cached $image
	status=$?
	insmod /job/xen_thaw.ko && return $status
}

bad_mode()
{
	export XEN_THAW_CACHE=none
	! restore module $image -p || return
	grep 'XEN_THAW_CACHE=none: unknown; use one of auto, keep, drop' $log &&
		no_domain guest && no_helper
}

# auto HOW: reads in this way without any message
auto()
{
	restore module $image -p || return
	[ "$(stat cache)" = "$1" ] || why "cache $(stat cache)" || return
	! grep 'page cache' $log && frames_are /tmp/frames.ref guest &&
		guest_destroy guest
}

auto_keeps_a_small_image()
{
	cold $image && auto keep && [ "$(resident $image)" -gt $((5 * few)) ]
}

available_mib()
{
	awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo
}

# Uses up memory until the image is larger than half of the available memory.
auto_drops_a_large_image()
{
	mib=$(($(wc -c <$image) / 1048576))
	cold $image || return
	mkdir -p /tmp/mem && mount -t tmpfs -o size=90% none /tmp/mem || return
	while [ "$(available_mib)" -gt $((mib * 17 / 10)) ]; do
		dd if=/dev/zero of="/tmp/mem/$(available_mib)" bs=1M count=16 2>/dev/null ||
			return
	done
	auto direct && few_cached $image
	status=$?
	umount /tmp/mem && return $status
}

short()
{
	test_it start_and_save pvh 96 8
	test_it stock_reference pvh $image /tmp/frames.ref 24000
	test_it cold_image module direct 'read directly'
	test_it cold_image gntdev drop-behind 'read through the page cache'
	test_it half_warm_image module
}

all()
{
	test_it start_and_save pvh 128 16
	test_it stock_reference pvh $image /tmp/frames.ref 32000
	test_it cold_image module direct 'read directly'
	test_it cold_image mmapbatch drop-behind 'read through the page cache'
	test_it cold_image gntdev drop-behind 'read through the page cache'
	test_it command_line
	test_it others_stay
	test_it warm_image
	test_it half_warm_image module
	test_it half_warm_image mmapbatch
	test_it packed_image
	test_it from_tmpfs
	test_it journalled
	test_it from_block_device
	test_it no_module
	test_it bad_mode
	test_it auto_keeps_a_small_image
	test_it auto_drops_a_large_image
	rm -f $image $disk/packed.save

	test_it start_and_save pv 96 8
	test_it stock_reference pv $image /tmp/frames.ref 23000
	test_it cold_image module direct 'read directly'
	test_it cold_image mmapbatch drop-behind 'read through the page cache'
}

test_it make_disk
[ $failed = 0 ] || finish || exit
dd if=/dev/urandom of=$other bs=1M count=64 2>/dev/null
free_before=$(host_free_mem)
"${1:-all}"
test_it wait_for 30 free_mem_is "$free_before"
finish
