# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# For races.sh, in dom0: disturbs a restore at a random moment, finds out by the
# module's tracepoints when that was, and checks that everything is afterwards as
# before.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

tracing=/sys/kernel/tracing
image=/tmp/guest.save
disk=/tmp/disk
slow=/dev/dm-0
# Milliseconds by which the slow disk delays a read.
delay=4
# For the round: the kind, the seed, the moment in milliseconds, and the engine.
kind=prepare
seed=0
at=
engine=module

# draw WHAT N: prints a number below N, which is the same for the same kind and seed
draw()
{
	word=$(echo "$kind $seed $1" | md5sum | cut -c 1-7)
	echo $((0x$word % $2))
}

now_ms()
{
	read -r up _ </proc/uptime
	echo $((${up%.*} * 1000 + 1${up#*.} * 10 - 1000))
}

sleep_ms()
{
	sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"
}

slow_table()
{
	echo "0 $sectors delay /dev/scratch 0 $delay /dev/scratch 0 0"
}

# set_table TABLE: sets the device-mapper table of the disk that may fail
set_table()
{
	dmsetup suspend --noflush --nolockfs slow &&
		dmsetup load slow --table "$1" && dmsetup resume slow
}

slow_disk_works()
{
	set_table "$(slow_table)"
}

slow_disk_fails()
{
	set_table "0 $sectors error"
}

make_disk()
{
	modprobe -a ext4 loop dm-mod dm-delay || return
	sectors=$(blockdev --getsz /dev/scratch) || return
	dmsetup --noudevsync create slow \
		--table "$(slow_table)" &&
		mke2fs -q -t ext4 -F $slow && mkdir -p $disk && mount $slow $disk
}

# choose_source: draws where this round's image is, and how it is read
choose_source()
{
	case ${1:-$(draw source 4)} in
	1) where=cold file=$disk/guest.save XEN_THAW_CACHE=keep ;;
	2) where=direct file=$disk/guest.save XEN_THAW_CACHE=drop ;;
	*) where=warm file=$image XEN_THAW_CACHE=keep ;;
	esac
	export XEN_THAW_CACHE
	echo 3 >/proc/sys/vm/drop_caches
}

# After a removal of the module its tracepoints are off, and the trace is empty.
load_module()
{
	insmod /job/xen_thaw.ko && echo 1 >$tracing/events/xen_thaw/enable
}

# note_times: notes the times of a complete restore, to draw later moments from
note_times()
{
	cat /tmp/took >"/tmp/$where.ms"
	stat total_s | awk '{ print int($1 * 1000) }' >"/tmp/$where.helper_ms"
}

# measure SOURCE: times a complete restore, and its helper
measure()
{
	choose_source "$1"
	begin && end_restore && [ "$status" = 0 ] && note_times || return
	pages=$(stat pages)
	echo "$where: a restore takes $(cat /tmp/took) ms, its helper $(stat total_s) s, fill $(stat fill_s) s"
	guest_destroy guest
}

# begin: starts a restore of the round's file
begin()
{
	echo >$tracing/trace
	: >/tmp/status
	from=$(now_ms)
	(
		restore "$engine" "$file" -p
		echo $? >/tmp/status
		echo $(($(now_ms) - from)) >/tmp/took
	) &
	restoring=$!
}

ended()
{
	[ -s /tmp/status ]
}

# wait_for_process NAME: sets pid; fails if the restore ends first
wait_for_process()
{
	until pid=$(pidof "$1" | tr ' ' '\n' | head -n 1) && [ -n "$pid" ]; do
		! ended || return
		sleep 0.02
	done
}

# moment WHAT [helper_]: draws a moment, in milliseconds, within the time of a restore or
# of its helper
moment()
{
	echo $(($(cat "/tmp/$where.${2}ms") * $(draw "$1" 1000) / 1000))
}

# draw_moment [helper_]: draws this round's moment. Call it before the restore begins,
# because it takes a while.
draw_moment()
{
	at=$(moment moment "$1")
}

# hit COMMAND...: runs COMMAND between two marks in the trace
hit()
{
	echo hit >$tracing/trace_marker
	"$@"
	# shellcheck disable=SC2034 # for the tests
	hit_status=$?
	echo "done" >$tracing/trace_marker
}

# phases: prints the phase of each hit: after the fill, if the fill was over at the end of
# the hit; within, if the fill had begun before the hit; else before
phases()
{
	awk -v pages="$pages" '
		/: xen_thaw_begin:/ { begun = 1 }
		/: xen_thaw_batch:/ { sub(/.* frames=/, ""); frames += $1 }
		/tracing_mark_write: hit/ { within = begun }
		/tracing_mark_write: done/ {
			print (frames >= pages ? "after" : within ? "within" : "before")
		}' $tracing/trace
}

# end_restore: sets status, and phase (that of the first hit)
end_restore()
{
	wait "$restoring"
	status=$(cat /tmp/status)
	[ -s /tmp/phases ] || phases >/tmp/phases
	# shellcheck disable=SC2034 # for the tests
	phase=$(head -n 1 /tmp/phases)
}

# outcome WORD...: notes the outcome of the round
outcome()
{
	echo "$1" >/tmp/outcome
	echo "$where, at ${at:-?} ms, $(tr '\n' ' ' </tmp/phases)the fill: $*"
}

destroy_all()
{
	for id in $(domains); do
		xl destroy "$id" || why "xl destroy $id failed" || return
	done
	wait_for 30 no_domains || why "a domain is left: $(xl list)"
}

helpers_gone()
{
	! pidof xen-thaw-helper libxl-save-helper >/dev/null
}

# Each restored guest has its own xl, until it is destroyed.
all_gone()
{
	helpers_gone && ! pidof xl >/dev/null
}

nothing_left()
{
	wait_for 60 all_gone || why "left: $(pidof xl) $(pidof xen-thaw-helper)" ||
		return
	no_domains || why "a domain is left: $(xl list)" || return
	wait_for 30 free_mem_is "$free_before" ||
		why "free: $(host_free_mem) MiB, were $free_before"
}

is_whole()
{
	outcome whole
	note_times
	frames_are /tmp/frames.ref guest && guest_destroy guest
}

failed_cleanly()
{
	outcome failed
	[ "$status" -lt 124 ] || why "xl restore: exit status $status" || return
	grep -qiE 'error|fail|^xen-thaw-helper: ' $log || why "it does not say why"
}

whole_or_failed()
{
	if [ "$status" = 0 ]; then
		is_whole
	else
		failed_cleanly
	fi && nothing_left
}

# Prints Xen's output for a debug key, from the last line that matches FROM on.
xen_says()
{
	xl debug-keys "$1" && xl dmesg | tr -d '\r' | awk -v from="$2" '
		$0 ~ from { s = "" }
		{ s = s "\n" $0 }
		END { print s }'
}

free_heap_kib()
{
	xen_says m 'Physical memory information' | sed -n 's/.*Dom heap: \([0-9]*\)kB.*/\1/p'
}

active_grants()
{
	xen_says g 'gnttab_usage_print_all . key' | grep -c '^(XEN) \[0x'
}

# Counts descriptors of all processes: Xen's daemons have some for each domain.
open_files()
{
	set -- /proc/[0-9]*/fd/*
	echo $#
}

files_are_closed()
{
	[ "$(open_files)" -le "$files_before" ]
}

# Prints the KiB that dom0's kernel uses and cannot reclaim: its slab, and pages that no
# counter includes. A page whose put was forgotten is among these.
kernel_kib()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches
	cat /proc/meminfo /proc/zoneinfo | awk '
		/^MemTotal:/ { n += $2 }
		/^(MemFree|Buffers|Cached|AnonPages|SReclaimable|KernelStack|PageTables|Percpu):/ {
			n -= $2
		}
		/^ *count:/ { n -= 4 * $2 }	# free pages in the lists of a processor
		END { print n }'
}

# remember: notes the state before the rounds. test_it calls it, as it calls as_before,
# because the shells of a test have descriptors, too.
remember()
{
	free_before=$(host_free_mem)
	heap_before=$(free_heap_kib)
	grants_before=$(active_grants)
	files_before=$(open_files)
	kernel_before=$(kernel_kib)
	set | grep '^[a-z]*_before=' >/tmp/before
}

heap_is_back()
{
	[ "$(free_heap_kib)" = "$heap_before" ]
}

# kernel_grew LIMIT: sets growth; fails if it is LIMIT KiB or more
kernel_grew()
{
	growth=$(($(kernel_kib) - kernel_before))
	[ "$growth" -ge "$1" ]
}

kernel_did_not_grow()
{
	! kernel_grew "$1"
}

# as_before ROUNDS: checks that nothing is left after this number of rounds in all. If each
# round left a page, that would show once it exceeds the 2 MiB that a system takes by
# itself.
as_before()
{
	limit=$((4 * $1))
	[ $limit -ge 2048 ] || limit=2048
	wait_for 30 heap_is_back ||
		why "Xen's heap: $(free_heap_kib) KiB free, were $heap_before" || return
	[ "$(active_grants)" = "$grants_before" ] ||
		why "$(active_grants) grants are active, were $grants_before" || return
	wait_for 30 files_are_closed ||
		why "$(open_files) descriptors, were $files_before" || return
	wait_for 30 kernel_did_not_grow $limit ||
		why "dom0's kernel has $growth KiB more, after $1 rounds" || return
	echo "heap $heap_before KiB, $grants_before grants, $files_before descriptors: as before; kernel +$growth KiB" \
		>/tmp/account
	# A page that is still held cannot be dropped.
	[ "$(resident $disk/guest.save)" = 0 ] ||
		why "$(resident $disk/guest.save) KiB of the image cannot be dropped" || return
	[ "$(cat /sys/module/xen_thaw/refcnt)" = 0 ] || why "the module is in use" || return
	rmmod xen_thaw && load_module
}
