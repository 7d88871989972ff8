#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0, with a disk and, for HVM guests, --hvm. For each GUEST:VCPUS of its
# arguments (pvh:1, hvm:2, ...), every engine restores a guest that stock saved: each
# frame is as with stock, and the guest runs on. The same is true for the packed image,
# for an image that our helper saved, from a pipe, and for a compressed image. The argument
# "sources" tests images on every kind of filesystem and device. Each result is a line
# "cell: XEN DOM0 KERNEL GUEST VCPUS WHAT: RESULT".

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

image=/tmp/guest.save
packed=/tmp/packed.save
saved=/tmp/saved.save
disk=/mnt/disk
dom0=$(tr '[:upper:]' '[:lower:]' </sys/hypervisor/guest_type)
kernel=$(uname -r | cut -d. -f1,2)
xen=$(xl info xen_major).$(xl info xen_minor)

# report PLACE RESULT...
report()
{
	place=$1
	shift
	echo "cell: $xen $dom0 $kernel $place: $*"
}

# passes FUNCTION [ARGUMENT]...: runs a test, and returns whether it passed
passes()
{
	failed_before=$failed
	test_it "$@"
	[ "$failed" = "$failed_before" ]
}

# cell PLACE FUNCTION [ARGUMENT]...: runs a test, and reports its place in the table
cell()
{
	at=$1
	shift
	if passes "$@"; then
		report "$at" ok
	else
		report "$at" FAIL
		return 1
	fi
}

# start_and_save KIND VCPUS
start_and_save()
{
	guest_start "$1" guest 96 8 "vcpus=$2" && remember_md5 guest || return
	xl save guest $image
}

pack_it()
{
	xen-thaw pack -f $image $packed &&
		xen-thaw verify $packed | grep 'checksums of every byte'
}

pack_and_compare()
{
	pack_it && restores_as_stock stock $packed || return
	rm $packed
}

# Saves a running guest. The file has what was in its memory, except for pages that
# resuming and restoring change.
save_and_compare()
{
	restore stock $image && remember_md5 guest || return
	xl_thaw save -p guest $saved || return
	[ "$(stat form)" = packed ] || why "form $(stat form)" || return
	frames "$(domid guest)" >/tmp/frames.saved && guest_destroy guest &&
		xen-thaw verify $saved || return
	stock_reference "$1" $saved /tmp/frames.second 20000 || return
	differ=$(diff /tmp/frames.saved /tmp/frames.second | grep -c '^>')
	[ "$differ" -lt 16 ] || why "$differ frames are not as they were saved" ||
		return
	restores_as_stock module $saved /tmp/frames.second && rm $saved
}

from_pipe()
{
	rm -f /tmp/pipe && mkfifo /tmp/pipe || return
	cat $image >/tmp/pipe &
	restores_as_stock module /tmp/pipe && rm /tmp/pipe
}

from_zstd()
{
	xen-thaw pack -qf --compress zstd $image /tmp/image.zst || return
	xen-thaw restore --engine module --stats $stats -p /tmp/image.zst >$log 2>&1 || return
	frames_are /tmp/frames.ref guest || return
	[ "$(stat engine)" = module ] || why "engine $(stat engine)" || return
	runs_on guest && guest_destroy guest && rm /tmp/image.zst
}

# guest_cells KIND VCPUS
guest_cells()
{
	if [ "$1" = hvm ] && [ ! -e /guest/bzImage ]; then
		report "$1 $2 stock" "skipped: no device model (run --hvm)"
		return
	fi
	rm -f /tmp/frames.*
	cell "$1 $2 stock save" start_and_save "$1" "$2" &&
		cell "$1 $2 stock" stock_reference "$1" $image /tmp/frames.ref 20000 || return
	for engine in $engines; do
		cell "$1 $2 $engine" restores_as_stock "$engine" $image
	done
	cell "$1 $2 packed" pack_and_compare
	cell "$1 $2 saved" save_and_compare "$1"
	cell "$1 $2 pipe" from_pipe
	cell "$1 $2 zstd" from_zstd
}

# from FILE keep|drop: restores it cached, or uncached if its filesystem can drop it
from()
{
	sync
	if [ "$2" = keep ]; then
		cat "$1" >/dev/null
	else
		echo 3 >/proc/sys/vm/drop_caches
	fi
	export XEN_THAW_CACHE="$2"
	restore module "$1" -p && frames_are /tmp/frames.ref guest || return
	[ "$(stat engine)" = module ] && guest_destroy guest
}

# source_cells NAME FILE
source_cells()
{
	for cache in keep drop; do
		cell "source $1 $cache" from "$2" $cache
	done
}

# on_filesystem TYPE OPTION-TO-OVERWRITE: makes one on the disk, with the image
on_filesystem()
{
	modprobe "$1" && "mkfs.$1" -q "$2" /dev/scratch &&
		mkdir -p $disk && mount -t "$1" /dev/scratch $disk &&
		cp $image $disk/guest.save
}

on_overlay()
{
	modprobe overlay || return
	mkdir -p $disk/upper $disk/work /mnt/empty /mnt/overlay
	mount -t overlay overlay /mnt/overlay \
		-o "lowerdir=/mnt/empty,upperdir=$disk/upper,workdir=$disk/work" &&
		cp $image /mnt/overlay/guest.save
}

# The disk, exported and mounted over loopback. This tells the server what mountd and
# exportfs would tell it: a client, an export (flags: read-only, no root squash; fsid
# 0), and how to find it by file handle.
on_nfs()
{
	modprobe -a nfsd nfsv4 && mount -t nfsd nfsd /proc/fs/nfsd || return
	echo '-2 -3 +4' >/proc/fs/nfsd/versions
	echo 10 >/proc/fs/nfsd/nfsv4gracetime
	echo 'tcp 2049' >/proc/fs/nfsd/portlist || return
	echo 2 >/proc/fs/nfsd/threads || return
	echo Y >/proc/fs/nfsd/v4_end_grace
	never=2147483647
	echo "nfsd 127.0.0.1 $never self" >/proc/net/rpc/auth.unix.ip/channel &&
		echo "self $disk $never 8193 0 0 0" >/proc/net/rpc/nfsd.export/channel &&
		printf 'self 1 \\x00000000 %s %s\n' $never $disk >/proc/net/rpc/nfsd.fh/channel &&
		mkdir -p /mnt/nfs || return
	timeout 100 mount -t nfs4 127.0.0.1:/ /mnt/nfs \
		-o vers=4.2,addr=127.0.0.1,clientaddr=127.0.0.1 &&
		cmp $image /mnt/nfs/guest.save
}

off_nfs()
{
	umount /mnt/nfs && echo 0 >/proc/fs/nfsd/threads && umount /proc/fs/nfsd
}

# A block device ends at the end of a sector.
on_block_device()
{
	umount $disk && dd if=$image of=/dev/scratch bs=1M 2>/dev/null &&
		dd if=$image of=/dev/scratch bs=4096 conv=sync,notrunc 2>/dev/null
}

all_sources()
{
	cell "source image" start_and_save pvh 1 &&
		cell "source stock" stock_reference pvh $image /tmp/frames.ref 20000 || return
	source_cells tmpfs $image
	for type in ext4:-F xfs:-f btrfs:-f; do
		passes on_filesystem ${type%:*} ${type#*:} &&
			source_cells ${type%:*} $disk/guest.save
		umount $disk
	done
	passes on_filesystem ext4 -F && passes on_overlay && source_cells overlayfs /mnt/overlay/guest.save
	umount /mnt/overlay
	passes on_nfs && source_cells nfs /mnt/nfs/guest.save
	test_it off_nfs
	passes on_block_device && source_cells block /dev/scratch
}

engines='module mmapbatch gntdev'
free_before=$(host_free_mem)
for what; do
	case $what in
	sources) all_sources ;;
	module) engines=$what ;;
	*) guest_cells "${what%:*}" "${what#*:}" ;;
	esac
done
test_it wait_for 30 free_mem_is "$free_before"
finish
