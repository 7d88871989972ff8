#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0. Restores from pipes: xl save saved the guest, and cat, or something worse,
# writes the file into a pipe that xl restore reads. Arguments: the kind of guest (pvh, pv
# or hvm), and "short" to leave out bad streams.

# shellcheck source=selftests/e2e/damage.sh
. /root/damage.sh

kind=${1:-pvh}
mode=${2:-long}
pipe=/tmp/pipe

# restore_from COMMAND ENGINE [XL-OPTION]...: what COMMAND writes is restored
restore_from()
{
	writer=$1 by=$2
	shift 2
	rm -f $pipe && mkfifo $pipe || return
	sh -c "$writer" >$pipe 2>/dev/null &
	writer_pid=$!
	XEN_THAW_ENGINE=$by xl_thaw restore "$@" $pipe
	restored=$?
	# Who writes into a pipe without a reader ends.
	wait $writer_pid
	return $restored
}

# As in common.sh, but through a pipe, except for the engine stock.
restore()
{
	from=$1 file=$2
	shift 2
	if [ "$from" = stock ]; then
		XEN_THAW_ENGINE=stock xl_thaw restore "$@" "$file"
	else
		restore_from "cat $file" "$from" "$@"
	fi
}

# As in damage.sh; offsets are counted from the start of the libxc stream.
says()
{
	[ "$(grep -c '^xen-thaw-helper: ' $log)" = 1 ] ||
		why "not one line of the helper's" || return
	at=$1
	[ "$at" = '[0-9]*' ] || at=$((at - stream))
	grep -q "^xen-thaw-helper: stream: offset $at: .*$2" $log ||
		why "no line with offset $at and $2"
}

start_and_save()
{
	guest_start "$kind" guest 128 16 && remember_md5 guest || return
	xl save guest $image
}

is_ours()
{
	[ "$(stat engine)" = "$1" ] || why "engine $(stat engine)" || return
	[ "$(stat result)" = ok ] || return
	[ "$(stat pages)" -gt 30000 ] || why "pages $(stat pages)"
}

same_as_stock()
{
	restore "$1" $image -p || return
	frames_are /tmp/frames.ref guest && is_ours "$1" || return
	# The stock helper populates PV guests.
	[ "$kind" = pv ] || [ "$(stat superpages)" -ge 60 ] ||
		why "superpages $(stat superpages)" || return
	runs_on guest && guest_destroy guest
}

# whole_from COMMAND: a stream that is restored like the file
whole_from()
{
	restore_from "$1" module -p || return
	frames_are /tmp/frames.ref guest && is_ours module && guest_destroy guest
}

# one_byte: one byte at a time, where headers and lists are
one_byte()
{
	tail=$((size - end + 3000))
	whole_from "dd if=$image bs=1 count=40000; tail -c +40001 $image | head -c $((size - 40000 - tail)); tail -c $tail $image | dd bs=1"
}

# peak PID: prints the most KiB that a process had
peak()
{
	awk '$1 == "VmHWM:" { print $2 }' "/proc/$1/status" 2>/dev/null
}

# In pieces that fit nothing, and slowly. The helper stays small.
slow()
{
	(while sleep 0.1; do
		! helper_started || peak "$pid"
	done >/tmp/hwm) &
	watcher=$!
	whole_from "i=0; while [ \$i -le $((size / 3000017)) ]; do dd if=$image bs=3000017 skip=\$i count=1; sleep 0.05; i=\$((i + 1)); done"
	status=$?
	kill $watcher
	most=$(sort -n /tmp/hwm | tail -n 1)
	echo "the helper had ${most:-no} KiB at most"
	[ $status = 0 ] && [ "${most:-0}" -gt 0 ] && [ "$most" -le 49152 ]
}

# A page that comes twice has its last contents; so has one that comes without.
last_wins()
{
	next=$(sed -n 's/ PAGE_DATA .*//p' /tmp/records | sed -n 2p)
	tail -c +$((first + 1)) $image | head -c $((next - first)) >/tmp/again
	# Its last page gets other contents.
	head -c 4096 /dev/urandom | dd of=/tmp/again bs=1 conv=notrunc \
		seek=$((next - first - 4096)) 2>/dev/null
	whole_from "head -c $first $image; cat /tmp/again; tail -c +$((first + 1)) $image"
}

# optional_record LENGTH: prints the header of a record that stock skips
optional_record()
{
	printf '\043\001\000\200'
	for shift in 0 8 16 24; do
		printf '%b' "\\0$(printf %o $(($1 >> shift & 255)))"
	done
}

# 512 MiB of optional records take no memory.
optional_records()
{
	optional_record 134217728 >/tmp/optional
	whole_from "head -c $first $image; for i in 1 2 3 4; do cat /tmp/optional; head -c 134217728 /dev/zero; done; tail -c +$((first + 1)) $image"
}

# endless COMMAND: COMMAND writes without end what a stream may have there. The helper goes
# on until it is stopped, and nothing is left.
endless()
{
	(restore_from "head -c $first $image; while $1; do :; done" module -p
	echo $? >/tmp/status) &
	until helper_started; do
		[ -d /proc/$! ] || return
	done
	sleep 5
	helper_started || why "it ended" || return
	hwm=$(peak "$pid")
	kill -TERM "$pid"
	wait
	[ "$(cat /tmp/status)" != 0 ] || return
	[ "${hwm:-99999}" -le 49152 ] || why "$hwm KiB" || return
	no_domain guest && no_helper && wait_for 30 free_mem_is "$free_before"
}

endless_pages()
{
	next=$(sed -n 's/ PAGE_DATA .*//p' /tmp/records | sed -n 2p)
	tail -c +$((first + 1)) $image | head -c $((next - first)) >/tmp/again
	endless 'cat /tmp/again'
}

endless_optional()
{
	{ optional_record 65536; head -c 65536 /dev/zero; } >/tmp/again
	endless 'cat /tmp/again'
}

# A writer that stops in the middle, for ever.
stalled()
{
	head -c $((size / 2)) $image >/tmp/half
	(restore_from "cat /tmp/half; exec sleep 1000" module -p; echo $? >/tmp/status) &
	until helper_started; do
		[ -d /proc/$! ] || return
	done
	sleep 4
	eval "$1"
	sleep 1
	kill "$(pidof sleep | tr ' ' '\n' | tail -n 1)"
	wait
	[ "$(cat /tmp/status)" != 0 ] || return
	guest_gone guest || guest_destroy guest
	no_domain guest && no_helper && wait_for 30 free_mem_is "$free_before"
}

# Records that change the meaning of page data.
live_record()
{
	head -c "$first" $image >/tmp/front
	printf '%b' "\\0$1\0\0\0\0\0\0\0" >/tmp/record
	cat /tmp/front /tmp/record >$bad
	tail -c +$((first + 1)) $image >>$bad
	fails_cleanly && says "$first" 'not of a saved guest: restore it with XEN_THAW_STREAM=0'
}

# passed_on SETTING: the stock helper does it
passed_on()
{
	export "${1?}"
	restore_from "cat $image" module -p
	status=$?
	unset "${1%%=*}"
	[ $status = 0 ] || return
	frames_are /tmp/frames.ref guest && guest_destroy guest || return
	[ "$(stat engine)" = stock ] || why "engine $(stat engine)"
}

no_library()
{
	mv /usr/local/bin/xen-thaw-pv.so /tmp/ || return
	passed_on NOTHING=
	status=$?
	mv /tmp/xen-thaw-pv.so /usr/local/bin/
	[ $status = 0 ] && grep -q 'xen-thaw-pv.so.*passed on to the stock helper' $log
}

bad_library()
{
	cp /usr/local/bin/xen-thaw-pv.so /tmp/ || return
	echo damaged >/usr/local/bin/xen-thaw-pv.so
	passed_on NOTHING=
	status=$?
	cp /tmp/xen-thaw-pv.so /usr/local/bin/
	[ $status = 0 ] && grep -q 'handed to it whole' $log
}

no_such_setting()
{
	copy_image && export XEN_THAW_STREAM=2 && fails_cleanly
	status=$?
	unset XEN_THAW_STREAM
	[ $status = 0 ] && grep -q 'XEN_THAW_STREAM=2: use 0 or 1' $log
}

command_option()
{
	rm -f $pipe && mkfifo $pipe || return
	cat $image >$pipe &
	XEN_THAW_STATS=$stats xen-thaw restore "$@" -p $pipe >$log 2>&1 || return
	frames_are /tmp/frames.ref guest && guest_destroy guest
}

options()
{
	command_option --engine module && is_ours module || return
	command_option --no-stream || return
	[ "$(stat engine)" = stock ] || why "engine $(stat engine)"
}

packed()
{
	xen-thaw pack -f $image /tmp/packed.save || return
	whole_from "cat /tmp/packed.save" && rm /tmp/packed.save
}

# restore_packed FILE: by the command, which decompresses it
restore_packed()
{
	xen-thaw restore --engine module --stats $stats -p "$1" >$log 2>&1
}

compressed()
{
	gzip -c $image >/tmp/image.gz || return
	xen-thaw pack -qf --compress zstd:1 $image /tmp/image.zst || return
	for packed in /tmp/image.gz /tmp/image.zst; do
		restore_packed $packed && frames_are /tmp/frames.ref guest && is_ours module &&
			guest_destroy guest || return
		# In the middle of it.
		head -c 16 /dev/urandom | dd of=$packed bs=1 conv=notrunc \
			seek=$(($(wc -c <$packed) / 2)) 2>/dev/null
		! restore_packed $packed || why "$packed: damaged, but restored" || return
		grep -q "^xen-thaw: $packed: offset [0-9]*: damaged: " $log || why "no line" || return
		no_domain guest && no_helper || return
	done
	rm /tmp/image.*
}

# xl migrate to this host, live: the pages of a guest that runs come again and again.
migrate()
{
	restore module $image && remember_md5 guest || return
	XEN_THAW_ENGINE=module xl_thaw migrate -s '' guest 'xl migrate-receive' || return
	# The name that its console's file got.
	is_ours module && goes_on guest--incoming && guest_destroy guest && no_helper
}

no_module()
{
	rmmod xen_thaw || return
	restore auto $image -p || return
	grep -q "modprobe xen_thaw.*falling back to" $log || return
	frames_are /tmp/frames.ref guest && guest_destroy guest
	status=$?
	insmod /job/xen_thaw.ko
	return $status
}

bad_streams()
{
	for at in 1 30 41 60 5000; do
		test_it truncated_at $((stream + at))
	done
	for at in $((size / 2)) $((end - 5)) $((end + 3)); do
		test_it truncated_at $at
	done
	test_headers
	test_page_data 'cannot populate'
	test_it live_record 15
	test_it live_record 16
	test_it endless_pages
	test_it endless_optional
	# shellcheck disable=SC2016 # stalled evals them
	for event in 'xl destroy guest' 'kill -TERM $pid' 'kill -KILL $pid' \
		'kill -KILL $(pidof libxl-save-helper)'; do
		test_it stalled "$event"
	done
	test_stops 0 0.2 0.5
}

test_it start_and_save
[ $failed = 0 ] || finish || exit
find_records || exit
test_it stock_reference "$kind" $image /tmp/frames.ref 30000
for engine in module mmapbatch gntdev; do
	test_it same_as_stock $engine
done
engine=module
# Here Xen refuses log-dirty mode for PV guests (EOPNOTSUPP), whoever saves them.
[ "$kind" = pv ] || test_it migrate
test_it compressed
if [ "$mode" = long ]; then
	test_it one_byte
	test_it slow
	test_it last_wins
	test_it optional_records
	test_it packed
	test_it options
	test_it passed_on XEN_THAW_STREAM=0
	test_it passed_on XEN_THAW_VERIFY=1
	test_it no_such_setting
	[ "$kind" != pv ] || {
		test_it no_library
		test_it bad_library
	}
	test_it no_module
	[ "$kind" = pv ] || bad_streams
fi
test_it restores_as_stock "$engine" $image
test_it wait_for 30 free_mem_is "$free_before"
finish
