#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0, with a disk. xen-thaw save --live saves a guest that runs, and one that writes
# all the time. Stock and our engines restore from the file what the guest had at the end. A
# save that fails or is ended leaves the guest running, and no file. Xen has to log what PV
# guests write; where it does not, one line says so.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

disk=/mnt/ext4
image=$disk/guest.save

mount_disk()
{
	modprobe ext4 2>/dev/null
	mke2fs -q -t ext4 -F /dev/scratch && mkdir -p $disk && mount /dev/scratch $disk
}

# live [OPTION]... FILE: saves the guest; the output goes to $log
live()
{
	for file; do :; done
	options=
	[ $# = 1 ] || options=$1
	: >$stats
	# shellcheck disable=SC2086 # there may be none
	xen-thaw save --live $options --stats $stats guest "$file" >$log 2>&1
}

# of OPERATION FIELD: from its line of statistics
of()
{
	sed -n "/\"operation\": \"$1\"/s/.*\"$2\": \"\\?\\([^,\"}]*\\)\"\\?[,} ].*/\\1/p" $stats
}

of_helper()
{
	of save "$1"
}

of_save()
{
	of live "$1"
}

# start KIND MIB [SETTING]...
start()
{
	kind=$1 mib=$2
	shift 2
	guest_start "$kind" guest "$mib" 8 "$@" && remember_md5 guest
}

# The guest writes 8 MiB of its memory all the time.
start_busy()
{
	extra=$(sed -n 's/^extra = "\(.*\)fill=.*"/\1/p' "/guest/$1.cfg")
	start "$1" "$2" "extra=\"${extra}fill=8 busy=8\""
}

nothing_left()
{
	no_helper && [ -z "$(find $disk -name '.xen-thaw*')" ]
}

# is_whole FILE: packed, with all checksums, each page once
is_whole()
{
	xen-thaw verify --json "$1" >/tmp/verify || return
	[ "$(verify_says checksummed_pages)" = "$(of_helper pages)" ] ||
		why "$(cat /tmp/verify): $(cat $stats)" || return
	xen-thaw info --json "$1" >/tmp/info || return
	guest=$(sed -n 's/.*"guest": *\([0-9][0-9]*\),.*/\1/p' /tmp/info | head -n 1)
	[ "$(of_helper pages)" -le "${guest:-0}" ] ||
		why "$(of_helper pages) pages in the file, the guest has $guest" || return
	[ "$(of_helper form)" = packed ] && [ "$(of_save result)" = ok ]
}

# A second save replaces the file.
goes_on_after()
{
	for _ in 1 2; do
		live -c $image && goes_on guest && nothing_left && is_whole $image || return
		echo "frozen for $(of_save frozen_s) s, $(of_helper again) pages again"
		grep 'guest: saved in .* s; frozen for ' $log || return
	done
	[ "$(command stat -c %a $image)" = 600 ]
}

# same_frames KIND: what was saved, and stays paused, is what stock and we restore. The pages
# that are shared with Xen and dom0 differ.
same_frames()
{
	live -p $image && is_whole $image || return
	frames "$(domid guest)" >/tmp/frames.saved || return
	guest_destroy guest && nothing_left || return
	stock_reference "$1" $image /tmp/frames.ref 20000 || return
	differ=$(diff /tmp/frames.saved /tmp/frames.ref | grep -c '^+[0-9a-f]')
	echo "$differ of $(wc -l </tmp/frames.ref) frames are not as they were saved"
	[ "$differ" -lt 16 ]
}

# at_least AGAIN: so many pages came again in the last save
at_least()
{
	echo "$(of_helper again) of $(of_helper pages) pages came again"
	[ "$(of_helper again)" -ge "$1" ]
}

busy_frames()
{
	same_frames "$1" && at_least 2048
}

destroyed()
{
	rm -f $image
	live $image && no_domain guest && nothing_left && is_whole $image || return
	xen-thaw restore -p $image >$log 2>&1 && runs_on guest
}

restored()
{
	guest_destroy guest && restore "$1" $image -p && runs_on guest
}

# The configuration of the file is that of another one.
with_config()
{
	sed 's/^memory.*/memory = 96/; s/^on_crash.*/on_crash = "restart"/' /guest/pvh.cfg \
		>/tmp/other.cfg
	timeout $xl_limit xen-thaw save --live -c guest $image /tmp/other.cfg >$log 2>&1 ||
		return
	goes_on guest && xen-thaw verify $image || return
	dd if=$image bs=4096 count=2 2>/dev/null | tr -d '\000' >/tmp/head
	grep -q '"on_crash": *"restart"' /tmp/head || why "$(cat /tmp/head)"
}

# failed MESSAGE: a save failed with it, the guest runs, there is no new file
failed()
{
	grep -q "$1" $log || why "nothing about '$1'" || return
	grep -q 'guest: it goes on' $log && goes_on guest && nothing_left
}

no_file()
{
	[ ! -e "$1" ] || why "$1 is there"
}

# What was there stays.
kept()
{
	[ "$(cat $image)" = old ]
}

# no_room MIB: the disk is full
no_room()
{
	mkdir -p /tmp/small && mount -t tmpfs -o "size=$1" none /tmp/small || return
	! live -c /tmp/small/guest.save &&
		failed '/tmp/small/guest.save: offset [0-9]*: cannot write: No space left' &&
		no_file /tmp/small/guest.save && [ "$(of_save result)" = failed ]
	status=$?
	umount /tmp/small
	return $status
}

# Only the helper, which is the first of its name, writes that much.
helper_pid()
{
	pidof xen-thaw-helper | tr ' ' '\n' | head -n 1
}

wrote()
{
	bytes=$(sed -n 's/^wchar: //p' "/proc/$(helper_pid)/io" 2>/dev/null)
	[ "${bytes:-0}" -ge "$1" ]
}

is_saving()
{
	[ -e /tmp/saving ]
}

# end_at SIGNAL BYTES TARGET: sends the signal when the helper wrote so much. It is this that
# runs in the background: a shell has its background processes ignore SIGINT.
end_at()
{
	until wrote "$2"; do
		is_saving || return
	done
	# shellcheck disable=SC2046 # a list of numbers
	case $3 in
	command) kill "-$1" "$(pidof xen-thaw)" ;;
	group) kill "-$1" $(pidof xen-thaw xen-thaw-helper libxl-save-helper) ;;
	helper) kill "-$1" "$(helper_pid)" ;;
	esac
}

# save_while COMMAND...: saves while this runs; sets $code
save_while()
{
	echo old >$image
	: >/tmp/saving
	"$@" &
	live -c $image
	code=$?
	rm /tmp/saving
	wait
}

# ended SIGNAL BYTES TARGET
ended()
{
	save_while end_at "$@"
	kept || why "exit code $code, and another file" || return
	failed '' || return
	[ "$3" = helper ] || grep 'guest.save: interrupted: there is no new file' $log || return
	[ "$3" = helper ] || [ "$code" -gt 128 ] || why "exit code $code"
}

# Nobody cleans up: the guest runs, no file is left, and the next save works.
killed()
{
	save_while end_at KILL 1000000 command
	[ "$code" = 137 ] || why "exit code $code" || return
	goes_on guest && wait_for 60 no_helper && kept && nothing_left || return
	live -c $image && goes_on guest && is_whole $image
}

is_asked()
{
	[ "$(xenstore-read "/local/domain/$(domid guest)/control/shutdown")" = suspend ]
}

# The signal comes when libxl has asked the guest to suspend, which it does a little later.
end_while_suspending()
{
	wait_for 60 is_asked && kill -INT "$(pidof xen-thaw)"
	sleep 2
	pidof xen-thaw >/tmp/waits
	xl unpause guest
}

ended_while_suspending()
{
	xl pause guest && save_while end_while_suspending || return
	[ -s /tmp/waits ] || why "it did not wait for the guest" || return
	[ "$code" = 130 ] || why "exit code $code" || return
	kept && failed 'guest.save: interrupted: there is no new file'
}

wrong_guests()
{
	! live -c /nonexistent/guest.save || return
	grep '/nonexistent/guest.save: No such file or directory' $log || return
	! live -c /dev/null && grep 'it exists, and is not a regular file' $log || return
	! xen-thaw save --live Domain-0 $image >$log 2>&1 &&
		grep 'Domain-0: domain 0 cannot be saved' $log || return
	! xen-thaw save --live nobody $image >$log 2>&1 && grep 'nobody: no such domain' $log
}

# A guest that cannot answer is not saved, and one line says why.
no_answer()
{
	xl pause guest || return
	! live -c $image || return
	grep 'it did not suspend when it was asked to' $log || return
	xl unpause guest && goes_on guest && nothing_left
}

dropped()
{
	timeout $xl_limit xen-thaw save --live -c --cache drop --stats $stats guest $image \
		>$log 2>&1 || return
	goes_on guest || return
	kib=$(resident $image)
	echo "$kib KiB of $(du -k $image | cut -f1) in the page cache"
	[ "$kib" -le 256 ]
}

kept_in_cache()
{
	timeout $xl_limit xen-thaw save --live -c --cache keep --stats $stats guest $image \
		>$log 2>&1 || return
	goes_on guest && [ "$(resident $image)" -ge 8192 ]
}

# Where Xen was built without shadow paging, it does not log what a PV guest writes.
pv_guest()
{
	if live -c $image; then
		goes_on guest && is_whole $image && same_frames pv
	else
		failed 'Xen does not log what it writes' && failed 'save it without --live'
	fi
}

figures()
{
	sed 's/^/# /' /tmp/test.out
}

short()
{
	test_it start pvh 96
	test_it same_frames pvh
	figures
	test_it restores_as_stock module $image
}

# Saves that fail or are ended.
ends()
{
	test_it start pvh 96
	test_it wrong_guests
	test_it no_room 64k
	test_it no_room 12M
	for bytes in 100000 30000000; do
		test_it ended INT $bytes command
		test_it ended TERM $bytes command
		test_it ended INT $bytes group
		test_it ended KILL $bytes helper
	done
	test_it killed
	test_it no_answer
	test_it ended_while_suspending
	guest_gone guest || guest_destroy guest
}

busy()
{
	test_it start_busy pvh 128
	test_it goes_on_after
	figures
	test_it busy_frames pvh
	figures
	test_it restores_as_stock module $image
	test_it restores_as_stock mmapbatch $image
}

# Its device model logs what it writes, too, and its state follows the libxc stream.
hvm()
{
	test_it start hvm 96
	test_it goes_on_after
	figures
	test_it destroyed
	test_it restored stock
	test_it restored module
}

all()
{
	ends
	test_it start pvh 96
	test_it goes_on_after
	figures
	test_it with_config
	test_it dropped
	figures
	test_it kept_in_cache
	test_it destroyed
	test_it same_frames pvh
	figures
	test_it restores_as_stock module $image
	test_it restores_as_stock mmapbatch $image
	busy
	test_it start pv 96
	test_it pv_guest
	figures
}

test_it mount_disk
[ $failed = 0 ] || finish || exit
free_before=$(host_free_mem)
"${1:-all}"
for id in $(domains); do
	xl destroy "$id"
done
test_it wait_for 30 free_mem_is "$free_before"
finish
