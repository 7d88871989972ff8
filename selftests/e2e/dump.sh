#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0, with a disk: the parts given (default: pv stops). What
# xen-thaw dump writes is, byte for byte, what an unpatched xl dump-core writes of
# the same paused guest; it is sparse, it does not fill the page cache, and
# whatever happens the guest runs on.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

parts=${*:-pv stops}
ref=/tmp/xl.core
core=/mnt/guest.core

# cached: KiB of the page cache
cached()
{
	while read -r key value _; do
		[ "$key" != Cached: ] || echo "$value"
	done </proc/meminfo
}

# dump [OPTION]... DOMAIN FILE: says in $log, sets $growth to what the page
# cache grew at most meanwhile, in KiB
dump()
{
	sync
	before=$(cached) most=$before
	xen-thaw dump "$@" 2>$log &
	child=$!
	while kill -0 $child 2>/dev/null; do
		now=$(cached)
		[ "$now" -le "$most" ] || most=$now
		sleep 0.05
	done
	now=$(cached)
	[ "$now" -le "$most" ] || most=$now
	growth=$((most - before))
	wait $child
}

is_paused()
{
	xl list "$1" | tail -n 1 | awk '{ print $5 }' | grep -q p
}

# goes_on: it runs, without any help, and its memory is what it was
goes_on()
{
	now=$(guest_wait_tick guest) || return
	[ "$now" = "$(cat /tmp/md5)" ] ||
		why "memory: $now, was $(cat /tmp/md5)"
}

nothing_left()
{
	left=$(find /mnt /tmp -name '.xen-thaw*' -o -name 'new.core')
	[ -z "$left" ] || why "left behind: $left"
}

start()
{
	guest_start "$1" guest "$2" 16 && remember_md5 guest
}

# Of the paused guest, so that nothing of it changes in between.
same_as_xl()
{
	rm -f $core
	xl pause guest && xl dump-core guest $ref || return
	dump guest $core || return
	[ ! -s $log ] || why "it said: $(cat $log)" || return
	is_paused guest || why "a guest that was paused runs" || return
	cmp $ref $core || why "$(cmp -l $ref $core | wc -l) bytes differ" ||
		return
	xl unpause guest && goes_on
}

is_sparse()
{
	size=$(($(wc -c <$core) / 1024)) disk=$(du -k $core | cut -f1)
	[ "$size" -gt 65536 ] || why "$size KiB" || return
	[ "$disk" -lt $((size * 3 / 4)) ] || why "$disk KiB of $size on disk"
}

# What a running guest has done to its memory meanwhile would be in the file.
runs_and_is_dumped()
{
	rm -f $core
	dump "$(domid guest)" $core || return
	[ "$(head -c 4 $core | tail -c 3)" = ELF ] || return
	[ "$(stat_mode $core)" = -rw------- ] || return
	goes_on && nothing_left
}

stat_mode()
{
	find "$1" -exec ls -l {} + | cut -c1-10
}

# Twice, as the first time brings the program and its libraries into it.
cache_is_left_alone()
{
	dump -f guest $core || return
	disk=$(du -k $core | cut -f1)
	echo "page cache: $growth KiB for a core of $disk KiB"
	[ "$growth" -lt 4096 ] || why "the page cache grew by $growth KiB" ||
		return
	dump -f --cache=keep guest $core || return
	echo "with keep: $growth KiB"
	[ "$growth" -gt $((disk * 3 / 4)) ] ||
		why "kept, but the page cache grew by $growth KiB only"
}

# Not on a disk: tmpfs has no O_DIRECT before Linux 6.6.
falls_back()
{
	xl pause guest && xl dump-core guest $ref || return
	dump guest /tmp/new.core || return
	case $(uname -r) in
	6.1.*)
		grep -q '/tmp/new.core: no O_DIRECT' $log &&
			[ "$(wc -l <$log)" = 1 ] || return
		;;
	esac
	cmp $ref /tmp/new.core || return
	rm /tmp/new.core
	xl unpause guest && goes_on
}

no_room()
{
	mkdir -p /tmp/small && mount -t tmpfs -o size=8M none /tmp/small ||
		return
	! dump --cache=keep guest /tmp/small/new.core || return
	grep -q '/tmp/small/new.core: offset [0-9]*: cannot write: No space' $log &&
		[ "$(wc -l <$log)" = 1 ] || return
	left=$(ls -A /tmp/small)
	umount /tmp/small
	[ -z "$left" ] || why "left behind: $left" || return
	! is_paused guest && goes_on
}

exists()
{
	echo precious >$core
	! dump guest $core || return
	grep -q "$core: it is there; --force replaces it" $log || return
	[ "$(cat $core)" = precious ] && ! is_paused guest || return
	dump --force guest $core && [ "$(wc -c <$core)" -gt 1000000 ] &&
		nothing_left
}

no_such_domain()
{
	for name in nonesuch 31999 4294967297 ''; do
		! dump "$name" /mnt/new.core || return
		grep "xen-thaw: $name: no such domain" $log || return
	done
	! dump 0 /mnt/new.core && grep '0: domain 0 cannot be dumped' $log &&
		nothing_left
}

# stopped SIGNAL STATUS: while the guest is paused
stopped()
{
	xen-thaw dump guest /mnt/new.core 2>$log &
	child=$!
	wait_for 20 is_paused guest || why "not paused" || return
	kill "-$1" $child
	wait $child
	status=$?
	[ $status = "$2" ] || why "status $status" || return
	! is_paused guest || why "left paused" || return
	! pidof xen-thaw || why "its child is left" || return
	nothing_left && goes_on
}

pv()
{
	test_it start pv 96
	test_it same_as_xl
	test_it is_sparse
	test_it runs_and_is_dumped
	test_it cache_is_left_alone
	test_it falls_back
	test_it no_room
	test_it exists
	test_it no_such_domain
	test_it guest_destroy guest
}

# Large, so that its dump takes long enough to interfere.
stops()
{
	test_it start pv 512
	test_it stopped TERM 143
	test_it stopped HUP 129
	test_it guest_destroy guest
}

modprobe -a crc32c_generic ext4
mkfs.ext4 -q /dev/scratch && mount /dev/scratch /mnt || exit 1
free_before=$(host_free_mem)
for part in $parts; do
	"$part"
done
test_it wait_for 30 free_mem_is "$free_before"
finish
