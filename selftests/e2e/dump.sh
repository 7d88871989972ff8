#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0, with a disk: the parts given (default: pv files pvh). xen-thaw dump
# writes the same bytes as an unpatched xl dump-core of the same paused guest. The file
# is sparse, and does not fill the page cache. Whatever happens, the guest runs on.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

parts=${*:-pv files pvh}
ref=/tmp/xl.core
core=/mnt/guest.core

# cached: KiB of the page cache
cached()
{
	while read -r key value _; do
		[ "$key" != Cached: ] || echo "$value"
	done </proc/meminfo
}

# dump [OPTION]... DOMAIN FILE: its output goes to $log; $growth is how far the page
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
	wait "$child"
}

is_paused()
{
	xl list "$1" | tail -n 1 | awk '{ print $5 }' | grep -q p
}

nothing_left()
{
	left=$(find /mnt /tmp -name '.xen-thaw*' -o -name 'new.core')
	[ -z "$left" ] || why "left behind: $left"
}

start()
{
	guest_start "$1" guest "$2" 8 && remember_md5 guest
}

# both_dump FILE: dumps by xl, and by us to FILE
both_dump()
{
	rm -f "$1"
	xl dump-core guest $ref && dump guest "$1" || return
	is_paused guest || why "a guest that was paused runs" || return
	cmp $ref "$1" || why "$(cmp -l $ref "$1" | wc -l) bytes differ"
}

# same FILE: both cores are the same. The guest is paused, so it does not change. Only
# the time of day may change: dom0 sets it every 11 minutes (xen_pvclock_gtod_notify()),
# and Xen writes it into the page that it shares with each guest. That does not happen
# twice in a row.
same()
{
	both_dump "$1" || both_dump "$1"
}

same_as_xl()
{
	xl pause guest && same $core || return
	[ ! -s $log ] || why "it said: $(cat $log)" || return
	xl unpause guest && goes_on guest
}

is_sparse()
{
	size=$(($(wc -c <$core) / 1024)) disk=$(du -k $core | cut -f1)
	[ "$size" -gt 65536 ] || why "$size KiB" || return
	[ "$disk" -lt $((size * 3 / 4)) ] || why "$disk KiB of $size on disk"
}

# A running guest changes its memory meanwhile, so only the shape of the core is checked.
runs_and_is_dumped()
{
	rm -f $core
	dump "$(domid guest)" $core || return
	[ "$(head -c 4 $core | tail -c 3)" = ELF ] || return
	[ "$(stat_mode $core)" = -rw------- ] || return
	goes_on guest && nothing_left
}

stat_mode()
{
	find "$1" -exec ls -l {} + | cut -c1-10
}

# Twice, because the first run reads the program and its libraries into the cache.
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
	xl pause guest && same /tmp/new.core || return
	case $(uname -r) in
	6.1.*)
		grep -q '/tmp/new.core: no O_DIRECT' $log &&
			grep -q '/tmp/new.core: .* does not let go of data' $log &&
			[ "$(wc -l <$log)" = 2 ] || return
		;;
	esac
	rm /tmp/new.core
	xl unpause guest && goes_on guest
}

# mount_small tmpfs|ext4 SIZE
mount_small()
{
	mkdir -p /tmp/small
	if [ "$1" = tmpfs ]; then
		mount -t tmpfs -o "size=$2" none /tmp/small
	else
		truncate -s "$2" /tmp/small.disk && mkfs.ext4 -q /tmp/small.disk &&
			mount -o loop /tmp/small.disk /tmp/small
	fi
}

# does_not_fit [OPTION]: a dump to /tmp/small fails; unmounts it
does_not_fit()
{
	! dump ${1+"$1"} guest /tmp/small/new.core
	status=$?
	left=$(find /tmp/small -type f)
	umount /tmp/small || return
	[ -z "$left" ] || why "left behind: $left" || return
	[ $status = 0 ] || why "it fits: this proves nothing" || return
	grep -q '/tmp/small/new.core: .*cannot write: No space' $log &&
		[ "$(wc -l <$log)" = 1 ]
}

# with_disk COMMAND...: on a disk /dev/dm-0 with minix, which has no O_DIRECT, mounted
# on /tmp/small
with_disk()
{
	modprobe -a loop dm-mod minix && truncate -s 200M /tmp/small.disk &&
		loop=$(losetup -f) && losetup "$loop" /tmp/small.disk &&
		mkfs.minix -2 "$loop" && mkdir -p /tmp/small || return
	sectors=$(blockdev --getsz "$loop") bad=40000
	dmsetup --noudevsync create small --table "0 $sectors linear $loop 0" &&
		mount -t minix /dev/dm-0 /tmp/small && "$@"
	status=$?
	umount /tmp/small
	dmsetup remove small && losetup -d "$loop" && rm /tmp/small.disk &&
		return $status
}

# From now on the disk takes a block less: one with data, as minix has few others there.
disk_goes_bad()
{
	{
		echo "0 $bad linear $loop 0"
		echo "$bad 2 error"
		echo "$((bad + 2)) $((sectors - bad - 2)) linear $loop $((bad + 2))"
	} >/tmp/table
	dmsetup suspend small && dmsetup load small </tmp/table && dmsetup resume small
}

# fsync() does not fail for it: the kernel told when dump waited for that block.
bad_disk()
{
	dump guest /tmp/small/new.core || return
	grep '/tmp/small/new.core: no O_DIRECT' $log || return
	rm /tmp/small/new.core && sync && disk_goes_bad || return
	! dump guest /tmp/small/new.core || why "the disk failed, dump did not" || return
	grep '/tmp/small/new.core: offset .*: the disk did not take what was written: Input/output error' \
		$log || return
	[ -z "$(find /tmp/small -type f)" ] || why "left: $(find /tmp/small -type f)" || return
	! is_paused guest && goes_on guest
}

# no_room tmpfs|ext4 SIZE [OPTION]
no_room()
{
	mount_small "$1" "$2" || return
	shift 2
	does_not_fit "$@" && ! is_paused guest && goes_on guest
}

# The size is exact to a page.
just_enough_room()
{
	xl pause guest && dump --cache=keep guest /tmp/new.core || return
	need=$(du -k /tmp/new.core | cut -f1) size=$(wc -c </tmp/new.core)
	rm /tmp/new.core
	mount_small tmpfs "${need}k" &&
		dump --cache=keep guest /tmp/small/new.core &&
		[ "$(wc -c </tmp/small/new.core)" = "$size" ]
	status=$?
	umount /tmp/small
	[ $status = 0 ] || return
	mount_small tmpfs $((need - 4))k && does_not_fit --cache=keep &&
		xl unpause guest && goes_on guest
}

exists()
{
	echo precious >$core
	! dump guest $core || return
	grep -q "$core: it exists: use --force to replace it" $log || return
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

# begin: starts a dump, and stops $writer, the process that writes the core, until the
# test lets it go on. So no test depends on how long a dump takes.
begin()
{
	xen-thaw dump guest /mnt/new.core 2>$log &
	child=$!
	writer=
	until [ "$writer" ]; do
		[ -d /proc/$child ] || why "it has ended" || return
		for pid in $(pidof xen-thaw); do
			[ "$pid" = $child ] || writer=$pid
		done
	done
	kill -STOP "$writer" && is_paused guest
}

# ends STATUS [SAYS]: the running dump ends with STATUS, and prints nothing or SAYS
ends()
{
	wait "$child"
	status=$?
	[ $status = "$1" ] || why "status $status" || return
	if [ $# = 1 ]; then
		[ ! -s $log ]
	else
		grep -E "$2" $log
	fi || why "it said: $(cat $log)" || return
	! pidof xen-thaw || why "its child is left" || return
	nothing_left
}

# stopped SIGNAL STATUS
stopped()
{
	begin && kill "-$1" $child && ends "$2" || return
	! is_paused guest || why "left paused" || return
	goes_on guest
}

said()
{
	grep -q "$1" $log
}

has_ended()
{
	! kill -0 "$child" 2>/dev/null
}

# not_stopped SIGNAL: of job control, which a terminal sends to both. To the writer it
# is sent once that goes on: SIGCONT drops what was sent before.
not_stopped()
{
	begin && kill "-$1" "$child" &&
		wait_for 60 said 'guest: not stopped, as the guest would stay paused' &&
		kill -CONT "$writer" || return
	kill "-$1" "$writer" || : # it was fast
	if ! wait_for 200 has_ended; then
		why "it was stopped"
		kill -KILL "$child" "$writer"
		return 1
	fi
	wait "$child" || why "status $?" || return
	[ "$(head -c 4 /mnt/new.core | tail -c 3)" = ELF ] && rm /mnt/new.core &&
		nothing_left || return
	! is_paused guest || why "left paused" || return
	goes_on guest
}

# The writer dies, as after a crash.
writer_dies()
{
	begin && kill -SEGV "$writer" && kill -CONT "$writer" &&
		ends 1 'guest: the dump was ended by signal 11' || return
	! is_paused guest || why "left paused" || return
	goes_on guest
}

unpaused_meanwhile()
{
	begin && xl unpause guest && kill -CONT "$writer" &&
		ends 1 'guest: it was unpaused while it was dumped' || return
	! is_paused guest && goes_on guest
}

destroyed_meanwhile()
{
	begin && xl destroy guest && kill -CONT "$writer" &&
		ends 1 'guest: (no such domain|the domain is dying)' || return
	wait_for 20 guest_gone guest
}

# If the loader uses our function, many gfns are mapped at once.
maps_many_at_once()
{
	LD_DEBUG=bindings xen-thaw dump guest /tmp/new.core 2>/tmp/bindings ||
		return
	rm /tmp/new.core
	grep 'libxenguest.* to .*xen-thaw-dump.so.*xc_map_foreign_range' \
		/tmp/bindings
}

disturbed()
{
	test_it stopped TERM 143
	test_it stopped HUP 129
	test_it not_stopped TSTP
	test_it not_stopped TTOU
	test_it writer_dies
	test_it unpaused_meanwhile
	test_it destroyed_meanwhile
}

pv()
{
	test_it start pv 96
	test_it same_as_xl
	test_it is_sparse
	test_it runs_and_is_dumped
	disturbed
}

files()
{
	test_it start pv 96
	test_it cache_is_left_alone
	test_it falls_back
	for size in 4k 8M 20M; do
		test_it no_room tmpfs $size --cache=keep
	done
	for size in 2M 24M; do
		test_it no_room ext4 $size
	done
	test_it just_enough_room
	test_it with_disk bad_disk
	test_it exists
	test_it no_such_domain
	test_it guest_destroy guest
}

# xl dump-core takes minutes: it tries a million gfns one by one.
pvh()
{
	test_it start pvh 96
	test_it maps_many_at_once
	test_it same_as_xl
	test_it is_sparse
	disturbed
}

modprobe -a ext4 loop
mkfs.ext4 -q /dev/scratch && mount /dev/scratch /mnt || exit 1
free_before=$(host_free_mem)
for part in $parts; do
	"$part"
done
test_it wait_for 30 free_mem_is "$free_before"
finish
