#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0, with a disk. xl save through our helper writes a packed file. An
# unpatched xl restore and ours restore the same guest from it. A failed save leaves
# the guest running. With the argument short, only those tests run that are fast on a
# PVH dom0, where each mapping is expensive.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

image=/tmp/guest.save
disk=/mnt/ext4

# save [XL-OPTION]... FILE: saves by xl, through our helper; output goes to $log
save()
{
	for file; do :; done
	options=
	[ $# = 1 ] || options=$1
	# shellcheck disable=SC2086 # there may be none
	xl_thaw save $options guest "$file"
}

# start KIND MIB
start()
{
	guest_start "$1" guest "$2" 8 && remember_md5 guest
}

# is_packed FILE: it is complete, all that we wrote has checksums, zeros are holes
is_packed()
{
	[ "$(stat form)" = packed ] || why "form $(stat form)" || return
	[ "$(stat zero_pages)" -gt 1000 ] ||
		why "$(stat zero_pages) zero pages" || return
	xen-thaw verify --json "$1" >/tmp/verify || return
	[ "$(verify_says checksummed_pages)" = "$(stat pages)" ] || return
	[ $(($(verify_says bytes) - $(verify_says checksummed_bytes))) -lt 64 ] ||
		why "$(cat /tmp/verify)" || return
	used=$(du -k "$1" | cut -f1) size=$(($(wc -c <"$1") / 1024))
	[ $((used * 10)) -lt $((size * 8)) ] ||
		why "$used KiB of $size on disk" || return
	xen-thaw info "$1" | grep 'Packed: *yes'
}

# saved FILE: saves, hashes the frames of the guest as saved, and checks the file
saved()
{
	rm -f "$image" && save -p "$1" || return
	frames "$(domid guest)" >/tmp/frames.saved || return
	guest_destroy guest && is_packed "$1" && no_helper
}

# restores_as_saved KIND IMAGE FRAMES DIFFER: after a stock restore, fewer than DIFFER
# frames differ from those that were saved. Resuming and restoring change the pages that
# are shared with Xen and dom0.
restores_as_saved()
{
	stock_reference "$1" "$2" /tmp/frames.ref "$3" || return
	differ=$(diff /tmp/frames.saved /tmp/frames.ref | grep -c '^+[0-9a-f]')
	echo "$differ of $(wc -l </tmp/frames.ref) frames are not as they were saved"
	[ "$differ" -lt "$4" ]
}

# A page takes one operation, and zero pages are not read.
module_figures()
{
	restore module "$1" -p && guest_destroy guest || return
	[ "$(stat zero_pages)" -gt 1000 ] || why "$(tail -n 1 $stats)" || return
	[ "$(stat copy_ops)" -le $(($(stat pages) * 51 / 50)) ] ||
		why "$(tail -n 1 $stats)"
}

packed_again()
{
	xen-thaw pack -f "$1" /tmp/again.save || return
	xen-thaw verify /tmp/again.save | grep 'checksums of every byte' || return
	restores_as_stock module /tmp/again.save && rm /tmp/again.save
}

mount_disk()
{
	modprobe ext4 2>/dev/null
	mke2fs -q -t ext4 -F /dev/scratch && mkdir -p $disk &&
		mount /dev/scratch $disk
}

checkpoint()
{
	save -c "$1" && is_packed "$1" && goes_on guest && no_helper || return
	# Saving to the same file again works, too.
	save -c "$1" && is_packed "$1" && goes_on guest
}

# fails MESSAGE: a save failed with it, and the guest goes on
fails()
{
	grep "$1" $log || why "nothing about '$1'" || return
	grep 'Failed to save domain, resuming domain' $log && goes_on guest && no_helper
}

# is_truncated FILE: verify says so; it may be cut between checksums and their pages
is_truncated()
{
	! xen-thaw verify "$1" 2>$log &&
		grep -E 'the file ends at|no sound PAGE_DATA follows' $log
}

# No reader takes the file of a failed save for complete.
left_is_truncated()
{
	is_truncated "$1" || return
	# xl allows only one guest of a name.
	xl rename guest running || return
	for e in module stock; do
		! restore $e "$1" -p && no_domain guest && no_helper || return
	done
	xl rename running guest
}

# no_room SIZE
no_room()
{
	mkdir -p /tmp/small && mount -t tmpfs -o "size=$1" none /tmp/small ||
		return
	! save /tmp/small/guest.save &&
		fails 'small/guest.save: offset .*: cannot write: No space left' &&
		left_is_truncated /tmp/small/guest.save
	status=$?
	umount /tmp/small
	return $status
}

# The guest runs, so the exact size of its save is not known. The largest disk that is
# too small and the smallest that is large enough are one MiB apart.
just_enough_room()
{
	save -c $image || return
	mib=$(($(du -k $image | cut -f1) / 1024 - 3))
	fitted=
	mkdir -p /tmp/small
	until [ "$fitted" ]; do
		mib=$((mib + 1))
		mount -t tmpfs -o "size=${mib}M" none /tmp/small || return
		if save -c /tmp/small/guest.save; then
			fitted=yes
			xen-thaw verify /tmp/small/guest.save || return
		else
			grep 'No space left' $log && goes_on guest && no_helper ||
				return
		fi
		umount /tmp/small || return
	done
	echo "$mib MiB"
}

file_has()
{
	[ -n "$(find $image -size "+$1k" 2>/dev/null)" ]
}

# stopped SIGNAL KIB: sends it when the file is larger than KIB. Before the guest is
# suspended, a signal breaks the stock helper, too.
stopped()
{
	rm -f $image
	(save -c $image; echo $? >/tmp/status) &
	until file_has "$2"; do
		[ -d /proc/$! ] || return
	done
	pid=$(pidof xen-thaw-helper | tr ' ' '\n' | head -n 1)
	peak=$(sed -n 's/^VmHWM: *\([0-9]*\) kB/\1/p' "/proc/$pid/status")
	kill "-$1" "$pid"
	wait
	[ "${peak:-0}" -lt 8300 ] || why "the helper took $peak KiB" || return
	if [ "$(cat /tmp/status)" = 0 ]; then
		echo "too late at $2 KiB" && goes_on guest && is_packed $image
	else
		fails '' && is_truncated $image
	fi
}

# A save to a pipe is handed over.
to_a_pipe()
{
	mkfifo /tmp/fifo && (cat /tmp/fifo >$image) &
	: >$stats
	wait_for 5 test -p /tmp/fifo && save -c /tmp/fifo && wait || return
	rm /tmp/fifo
	[ ! -s $stats ] && xen-thaw verify $image | grep 'no checksums' && goes_on guest
}

by_stock()
{
	: >$stats
	XEN_THAW_ENGINE=stock save -c $image || return
	[ ! -s $stats ] && xen-thaw verify $image | grep 'no checksums' && goes_on guest
}

bad_mode()
{
	! XEN_THAW_CACHE=some save -c $image &&
		fails 'XEN_THAW_CACHE=some: unknown; use one of auto, keep, drop'
}

cached_kib()
{
	sync
	sed -n 's/^Cached: *\([0-9]*\) kB/\1/p' /proc/meminfo
}

# cache_grows WISH AT-LEAST BELOW: limits, in MiB, for the page cache that a save leaves.
# Cached files stay cached, or it would shrink.
cache_grows()
{
	rm -f $disk/guest.save
	cat $disk/warm >/dev/null
	before=$(cached_kib)
	XEN_THAW_CACHE=$1 save -c $disk/guest.save || return
	grown=$((($(cached_kib) - before) / 1024))
	echo "$grown MiB more in the page cache"
	[ $grown -ge "$2" ] && [ $grown -lt "$3" ] ||
		why "$grown MiB more in the page cache" || return
	is_packed $disk/guest.save && goes_on guest
}

make_warm()
{
	dd if=/dev/urandom of=$disk/warm bs=1M count=24
}

# All of tmpfs is page cache.
drop_on_tmpfs()
{
	XEN_THAW_CACHE=drop save -c $image || return
	[ "$(grep -c 'it stays in the page cache' $log)" = 1 ] &&
		is_packed $image && goes_on guest
}

# The command sets the variables itself.
by_command()
{
	rm -f $image
	xen-thaw save -c --cache keep --stats $stats guest $image >$log 2>&1 || return
	[ "$(stat operation)" = save ] || why "$(tail -n 1 $stats)" || return
	is_packed $image && goes_on guest && no_helper
}

# The header of another toolstack does not grow: the stock helper writes the file itself.
as_libvirt()
{
	rm -f $disk/guest.save
	before=$(cached_kib)
	XEN_THAW_CACHE=drop XEN_THAW_STATS=$stats \
		LIBXL_SAVE_HELPER=/usr/local/bin/xen-thaw-helper \
		libvirt-save "$(domid guest)" $disk/guest.save >$log 2>&1 || return
	grown=$((($(cached_kib) - before) / 1024))
	echo "$grown MiB more in the page cache"
	[ $grown -ge -2 ] && [ $grown -lt 10 ] && is_packed $disk/guest.save &&
		goes_on guest && no_helper
}

figures()
{
	cat /tmp/test.out $stats | sed 's/^/# /'
}

# of_pvh FRAMES: tests the packed save of a PVH guest on the disk
of_pvh()
{
	test_it saved $disk/guest.save
	test_it restores_as_saved pvh $disk/guest.save "$1" 16
	figures
	test_it restores_as_stock module $disk/guest.save
	test_it module_figures $disk/guest.save
}

short()
{
	test_it start pvh 96
	test_it stopped TERM 8000
	test_it make_warm
	test_it cache_grows drop -2 6
	of_pvh 24000
}

full_disks()
{
	for size in 64k 4M 12M; do
		test_it no_room $size
	done
	test_it just_enough_room
}

all()
{
	test_it start pvh 96
	test_it checkpoint $image
	test_it checkpoint $disk/guest.save
	full_disks
	for kib in 200 8000 20000; do
		test_it stopped TERM $kib
		test_it stopped KILL $kib
	done
	test_it to_a_pipe
	test_it by_stock
	test_it bad_mode
	test_it make_warm
	test_it cache_grows keep 16 200
	test_it cache_grows drop -2 6
	test_it cache_grows auto 16 200
	test_it drop_on_tmpfs
	test_it by_command
	test_it as_libvirt
	of_pvh 24000
	test_it restores_as_stock mmapbatch $disk/guest.save
	test_it packed_again $disk/guest.save
	rm -f $image $disk/guest.save

	test_it start pv 96
	test_it checkpoint $image
	test_it saved $image
	test_it restores_as_saved pv $image 23000 16
	figures
	test_it restores_as_stock module $image
	test_it packed_again $image
	rm -f $image
}

test_it mount_disk
[ $failed = 0 ] || finish || exit
free_before=$(host_free_mem)
"${1:-all}"
test_it wait_for 30 free_mem_is "$free_before"
finish
