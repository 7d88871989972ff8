#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in a dom0 of 768 MiB, with a disk of 2 GiB. Saves and restores a guest of 1 GiB,
# most of it data, and measures what this does to dom0's page cache, and to a cached
# file of 256 MiB of somebody else. Prints the figures of docs/performance.md.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

disk=/tmp/disk
image=$disk/guest.save
warm=$disk/warm
warm_mib=256
data_mib=700

make_disk()
{
	modprobe ext4
	mkdir -p $disk && mke2fs -q -t ext4 -F /dev/scratch &&
		mount /dev/scratch $disk &&
		dd if=/dev/urandom of=$warm bs=1M count=$warm_mib
}

# It takes the guest a while to fill its memory with random data.
start()
{
	(guest_start pvh guest 1024 $data_mib) || guest_wait_tick guest 600 || return
	guest_wait_tick guest 300 >/tmp/md5
}

# Prints the KiB of files in the page cache, except those of tmpfs.
page_cache()
{
	while read -r key value _; do
		case $key in
		Cached:) files=$value ;;
		Shmem:) echo $((files - value)) ;;
		esac
	done </proc/meminfo
}

# measured COMMAND...: sets $growth to how far the page cache grew at most meanwhile, in
# MiB, and $resident to the part of the warm file that is cached afterwards, in %
measured()
{
	sync
	echo 1 >/proc/sys/vm/drop_caches
	cat $warm >/dev/null
	[ "$(resident $warm)" = $((warm_mib * 1024)) ] || why "not warm" || return
	before=$(page_cache) most=0
	"$@" &
	while kill -0 $! 2>/dev/null; do
		now=$(page_cache)
		[ "$now" -le "$most" ] || most=$now
		sleep 0.1
	done
	wait $! || return
	growth=$(((most - before) / 1024))
	resident=$(($(resident $warm) * 100 / (warm_mib * 1024)))
	echo "page cache: $growth MiB more at most; $resident% of the warm file there"
}

# This shows that the next two can fail.
disturbs()
{
	measured "$@" || return
	[ "$growth" -gt 64 ] || [ "$resident" -lt 95 ] || why "this proves nothing"
}

leaves_alone()
{
	measured "$@" || return
	[ "$growth" -le 64 ] && [ "$resident" -ge 95 ]
}

# save CACHE [XL-OPTION]
save()
{
	XEN_THAW_CACHE=$1 xl_thaw save ${2+"$2"} guest $image
}

restored()
{
	XEN_THAW_CACHE=$1 restore module $image -p
}

same_memory()
{
	xl unpause guest && [ "$(guest_wait_tick guest 300)" = "$(cat /tmp/md5)" ]
}

figures()
{
	sed -n "s/^page cache:/# $*:/p" /tmp/test.out
}

test_it make_disk
[ $failed = 0 ] || finish || exit
test_it start
test_it disturbs save keep -c
figures save, keep
test_it leaves_alone save drop
figures save, drop
ls -l $image
test_it disturbs restored keep
figures restore, keep
test_it guest_destroy guest
test_it leaves_alone restored drop
figures restore, drop
test_it same_memory
finish
