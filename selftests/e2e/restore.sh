#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0. An unpatched xl restore restores a guest that xl save saved, with
# each engine. Every frame is compared with that of a stock restore. The argument "short"
# leaves only the module, and what auto does without it.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

image=/tmp/guest.save

start_and_save()
{
	guest_start pvh guest 128 16 || return
	remember_md5 guest || return
	xl save guest $image
}

same_as_stock()
{
	restore "$1" $image -p || return
	frames_are /tmp/frames.ref guest || return
	[ "$(stat engine)" = "$2" ] || why "engine $(stat engine)" || return
	[ "$(stat result)" = ok ] || return
	[ "$1" = stock ] || [ "$(stat pages)" -gt 32000 ] || return
	runs_on guest && guest_destroy guest
}

# Checks the figures of a restore by the module.
module_figures()
{
	[ "$(stat superpages)" -ge 60 ] || why "superpages $(stat superpages)" ||
		return
	ops=$(stat copy_ops)
	# The others are zero, and Xen made them so.
	pages=$(($(stat pages) - $(stat zero_by_xen) - $(stat zero_skipped)))
	[ "$ops" -ge "$pages" ] && [ "$ops" -le $((2 * pages)) ] ||
		why "$ops copy ops for $pages pages" || return
	# A batch has 504 frames, or 128 if frames are put together first.
	[ "$(stat hypercalls)" -le $(($(stat pages) / 120)) ] ||
		why "$(stat hypercalls) hypercalls for $pages pages"
}

# Also with more threads than processors.
with_threads()
{
	export XEN_THAW_THREADS="$1"
	restore module $image -p && frames_are /tmp/frames.ref guest &&
		guest_destroy guest
	status=$?
	unset XEN_THAW_THREADS
	return $status
}

no_such_threads()
{
	for n in 0 -1 two ''; do
		! XEN_THAW_THREADS=$n restore module $image -p || return
		grep -q 'XEN_THAW_THREADS=.*use a number from 1 to 4' $log ||
			why "no error for $n" || return
	done
	no_domain guest && no_helper
}

xen_thaw_restore()
{
	xen-thaw restore --engine module -p $image >$log 2>&1 || return
	frames_are /tmp/frames.ref guest && guest_destroy guest
}

from_block_device()
{
	# A block device ends at the end of a sector.
	truncate -s %4096 $image 2>/dev/null ||
		dd if=/dev/zero bs=4096 count=1 2>/dev/null >>$image
	losetup /dev/loop0 $image || return
	restore module /dev/loop0 -p || return
	frames_are /tmp/frames.ref guest && guest_destroy guest &&
		[ "$(stat engine)" = module ] && losetup -d /dev/loop0
}

from_ext4()
{
	truncate -s 300M /tmp/fs.img || return
	mke2fs -q -t ext4 -F /tmp/fs.img || return
	modprobe ext4 || return
	mkdir -p /tmp/fs
	mount -o loop /tmp/fs.img /tmp/fs || return
	cp $image /tmp/fs/guest.save || return
	echo 3 >/proc/sys/vm/drop_caches
	restore module /tmp/fs/guest.save -p && frames_are /tmp/frames.ref guest
	status=$?
	guest_destroy guest
	umount /tmp/fs
	rm -f /tmp/fs.img
	return $status
}

# Zero pages that are holes of the file are not read, and are still zero.
from_sparse_file()
{
	cp $image /tmp/sparse.save && dig-holes /tmp/sparse.save || return
	restore "$1" /tmp/sparse.save -p || return
	[ "$(stat zero_pages)" -gt 1000 ] || why "zero pages $(stat zero_pages)" ||
		return
	frames_are /tmp/frames.ref guest && guest_destroy guest &&
		rm /tmp/sparse.save
}

save_again()
{
	restore module $image && guest_wait_tick guest >/dev/null || return
	xl save guest /tmp/second.save || return
	restore stock /tmp/second.save -p || return
	frames "$(domid guest)" >/tmp/frames.second || return
	runs_on guest && guest_destroy guest || return
	restore module /tmp/second.save -p || return
	frames_are /tmp/frames.second guest && runs_on guest &&
		guest_destroy guest
}

# stream.sh has more of that.
from_pipe()
{
	mkfifo /tmp/pipe || return
	cat $image >/tmp/pipe &
	restore module /tmp/pipe -p || return
	[ "$(stat engine)" = module ] || return
	frames_are /tmp/frames.ref guest && guest_destroy guest
}

# What xen-thaw says of a compressed image works.
compressed()
{
	gzip -c $image >/tmp/image.gz
	! xen-thaw info /tmp/image.gz 2>$log || return
	line=$(sed -n 's,.*compressed with gzip: .* pipe: \(.*\)FILE\(.*xl restore \),\1/tmp/image.gz\2-p ,p' $log)
	[ "$line" ] || why "no line to copy in: $(cat $log)" || return
	# Every dom0 but this one has it.
	[ -e /dev/stdin ] || ln -s /proc/self/fd/0 /dev/stdin || return
	sh -c "$line" || return
	frames_are /tmp/frames.ref guest && runs_on guest && guest_destroy guest || return
	rm /tmp/image.gz
}

no_module_auto()
{
	rmmod xen_thaw || return
	restore auto $image -p || return
	second=mmapbatch
	[ "$(cat /sys/hypervisor/guest_type)" != PVH ] || second=gntdev
	grep -q "modprobe xen_thaw.*falling back to $second" $log || return
	[ "$(stat engine)" = $second ] || return
	frames_are /tmp/frames.ref guest && guest_destroy guest
}

# without_gntdev FILE: on a PVH dom0 only mmapbatch is left, which can be slower than stock
without_gntdev()
{
	mv /dev/xen/gntdev /dev/xen/hidden || return
	restore auto "$1" -p
	status=$?
	mv /dev/xen/hidden /dev/xen/gntdev
	[ $status = 0 ] && grep -q 'modprobe xen_gntdev: falling back to stock' $log || return
	[ "$(stat engine)" = stock ] || why "engine $(stat engine)" || return
	frames_are /tmp/frames.ref guest && guest_destroy guest
}

pipe_without_gntdev()
{
	rm -f /tmp/pipe && mkfifo /tmp/pipe || return
	cat $image >/tmp/pipe &
	without_gntdev /tmp/pipe
}

no_module_module()
{
	! restore module $image -p || return
	grep -q 'the module is not loaded: modprobe xen_thaw' $log &&
		! grep -q 'falling back to mmapbatch' $log && no_domain guest && no_helper
}

# The stock helper gets libxl's descriptors and a pipe, but no device.
descriptors()
{
	cat >/tmp/stock-helper <<'EOT'
#!/bin/sh
ls -l /proc/self/fd >/tmp/descriptors
exec /usr/lib/xen-*/bin/libxl-save-helper "$@"
EOT
	chmod +x /tmp/stock-helper
	export XEN_THAW_STOCK_HELPER=/tmp/stock-helper
	restore module $image -p
	status=$?
	unset XEN_THAW_STOCK_HELPER
	[ $status = 0 ] && guest_destroy guest || return
	grep -q pipe: /tmp/descriptors || return
	! grep -E 'thaw|privcmd|gntdev|hypercall' /tmp/descriptors
}

# The helper does not fill a running guest, whoever calls it.
running_guest()
{
	restore module $image && guest_wait_tick guest >/dev/null || return
	stream=$(list-records $image | sed -n 's/ stream$//p')
	exec 3<$image
	# The offset is at the start of the libxc stream, where libxl leaves it.
	dd bs=1 count="$stream" <&3 >/dev/null 2>&1
	! xen-thaw-helper --restore-domain 3 3 "$(domid guest)" 0 0 0 0 0 0 \
		</dev/null >/tmp/stdout 2>$log || return
	exec 3<&-
	grep -q 'pages of memory: it is not a new one' $log || return
	[ ! -s /tmp/stdout ] || return
	[ "$(guest_wait_tick guest)" = "$(cat /tmp/md5)" ] || return
	guest_destroy guest
}

other_ways()
{
	test_it same_as_stock stock stock
	test_it same_as_stock mmapbatch mmapbatch
	test_it same_as_stock gntdev gntdev
	test_it same_as_stock auto module
	test_it with_threads 2
	test_it with_threads 4
	test_it no_such_threads
	test_it xen_thaw_restore
	test_it from_block_device
	test_it from_ext4
	test_it from_sparse_file module
	test_it from_sparse_file mmapbatch
	test_it save_again
	test_it from_pipe
	test_it compressed
	test_it descriptors
	test_it running_guest
}

modprobe loop
free_before=$(host_free_mem)
test_it start_and_save
[ $failed = 0 ] || finish || exit
test_it stock_reference pvh $image /tmp/frames.ref 32000
test_it same_as_stock module module
test_it module_figures
[ "${1:-}" = short ] || other_ways
test_it no_module_auto
if [ "${1:-}" != short ] && [ "$(cat /sys/hypervisor/guest_type)" = PVH ]; then
	test_it without_gntdev $image
	test_it pipe_without_gntdev
fi
test_it no_module_module
test_it wait_for 30 free_mem_is "$free_before"
finish
