#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0, with a disk: races.sh ROUNDS SEED [KIND]... For each kind of
# disturbance it makes ROUNDS restores, and disturbs each at a random moment. Each
# restore is complete, with every frame as stock restores it, or fails with a message
# and leaves nothing.

# shellcheck source=selftests/e2e/moments.sh
. /root/moments.sh

rounds=${1:-2}
first_seed=${2:-1}
all='helper_kill helper_term xl_kill xl_term destroy truncated overwritten moved failing full second eight'
if [ $# -gt 2 ]; then
	shift 2
	all=$*
fi
bad=$disk/bad.save
inner=/tmp/inner
total=0
within=0

signal_helper()
{
	choose_source && draw_moment helper_ && begin &&
		wait_for_process xen-thaw-helper || return
	sleep_ms "$at"
	hit kill "-$1" "$pid" 2>/dev/null
	end_restore
	whole_or_failed
}

helper_kill()
{
	signal_helper KILL
}

helper_term()
{
	signal_helper TERM
}

# The domain of a killed xl stays, as with stock. The helper does not.
signal_xl()
{
	choose_source && draw_moment && begin && wait_for_process xl || return
	sleep_ms "$at"
	hit kill "-$1" "$pid" 2>/dev/null
	end_restore
	if [ "$status" = 0 ]; then
		is_whole || return
	else
		outcome killed
		[ "$(draw destroy 2)" = 0 ] || wait_for 60 helpers_gone ||
			why "left: $(pidof xen-thaw-helper)" || return
		destroy_all || return
	fi
	nothing_left
}

xl_kill()
{
	signal_xl KILL
}

xl_term()
{
	signal_xl TERM
}

destroy()
{
	choose_source && draw_moment && begin || return
	sleep_ms "$at"
	hit xl destroy guest
	end_restore
	if [ "$status" = 0 ] && [ "$hit_status" = 0 ]; then
		outcome destroyed
		nothing_left
	else
		whole_or_failed
	fi
}

# Makes a copy of the image that may be spoilt. A fill from it takes longer than that.
choose_copy()
{
	choose_source $((1 + $(draw source 2)))
	file=$bad
	cp $image $bad && sync && echo 3 >/proc/sys/vm/drop_caches
}

truncated()
{
	choose_copy && new_size=$(draw size "$size") && draw_moment helper_ &&
		begin && wait_for_process xen-thaw-helper || return
	sleep_ms "$at"
	hit truncate -s "$new_size" $bad
	end_restore
	spoilt_or_not
}

# spoilt_or_not: a copy that was spoilt before the end of the fill is not restored
spoilt_or_not()
{
	if [ "$status" = 0 ] && [ "$phase" != after ]; then
		why "a file that was spoilt $phase the fill was restored"
		return
	fi
	whole_or_failed && rm $bad
}

# A file that was spoilt before the helper came is just another file: compare with stock.
same_as_stock()
{
	frames "$(domid guest)" >/tmp/frames.ours && guest_destroy guest || return
	restore stock $bad -p || why "stock does not take it" || return
	frames_are /tmp/frames.ours guest && guest_destroy guest
}

overwritten()
{
	choose_copy && place=$(draw place $((size / 65536 - 4))) &&
		draw_moment helper_ && begin &&
		wait_for_process xen-thaw-helper || return
	sleep_ms "$at"
	hit dd if=/dev/urandom of=$bad bs=65536 count=4 conv=notrunc \
		seek="$place" 2>/dev/null
	end_restore
	if [ "$status" = 0 ] && [ "$phase" = before ]; then
		outcome other
		same_as_stock && nothing_left && rm $bad
	else
		spoilt_or_not
	fi
}

# try_rmmod: it is refused while the device is open
try_rmmod()
{
	if rmmod xen_thaw 2>/tmp/rmmod.log; then
		load_module && echo removed >>/tmp/rmmods
	else
		grep -qi 'temporarily unavailable' /tmp/rmmod.log &&
			echo refused >>/tmp/rmmods
	fi
}

replace_and_rmmod()
{
	mv $disk/other $bad && try_rmmod
}

remount_and_rmmod()
{
	mount -o remount,ro $disk && try_rmmod
}

unmount_and_rmmod()
{
	umount -l $disk && try_rmmod
}

# No rmmod may succeed within a fill. A successful rmmod also empties the trace.
note_phase()
{
	[ "$hit_status" = 0 ] || return
	case $(tail -n 1 /tmp/rmmods) in
	refused) phases | tail -n 1 >>/tmp/phases ;;
	removed)
		[ "$(phases | tail -n 1)" != within ] || return
		echo closed >>/tmp/phases
		;;
	esac
}

# Nothing of this harms a file that is open.
moved()
{
	choose_source $((1 + $(draw source 2)))
	ln $disk/guest.save $bad && echo other >$disk/other || return
	file=$bad
	: >/tmp/rmmods
	engine=auto
	moments=$(for i in 1 2 3; do moment "moment $i" helper_; done | sort -n)
	begin && wait_for_process xen-thaw-helper || return
	at=0 next=replace
	for m in $moments; do
		sleep_ms $((m - at))
		at=$m
		hit ${next}_and_rmmod
		note_phase || why "$next and rmmod: $(cat /tmp/rmmod.log)" || break
		case $next in
		replace) next=remount ;;
		remount) next=unmount ;;
		unmount) next=none ;;
		esac
	done
	end_restore
	mount $slow $disk && rm -f $bad $disk/other || return
	[ $next = none ] || return
	[ "$status" = 0 ] || why "the restore failed" || return
	is_whole && nothing_left
}

# attach FILE OPTIONS: mounts the ext4 in a file through a loop device
attach()
{
	mkdir -p $inner && losetup /dev/loop0 "$1" && mount -o "$2" /dev/loop0 $inner
}

detach()
{
	umount $inner && losetup -d /dev/loop0
}

# Makes a filesystem with the image, in a file of the disk.
make_inner()
{
	truncate -s 160M /tmp/inner.img && mke2fs -q -t ext4 -F /tmp/inner.img &&
		attach /tmp/inner.img rw && cp $image $inner/guest.save && detach &&
		cp /tmp/inner.img $disk/inner.img && sync
}

# The disk below the loop device fails.
failing()
{
	umount $disk && mount -o ro,noload $slow $disk &&
		attach $disk/inner.img ro,noload || return
	choose_source $((1 + $(draw source 2)))
	where=failing file=$inner/guest.save
	draw_moment && begin && sleep_ms "$at"
	hit slow_disk_fails
	end_restore
	slow_disk_works && detach && umount $disk && mount $slow $disk || return
	whole_or_failed
}

# The filesystem below the loop device is full, and others write to it.
full()
{
	mkdir -p /tmp/full && mount -t tmpfs -o size=170M none /tmp/full &&
		cp /tmp/inner.img /tmp/full && dig-holes /tmp/full/inner.img &&
		mount -o remount,size=115M /tmp/full &&
		attach /tmp/full/inner.img rw || return
	choose_source 0
	where=full file=$inner/guest.save
	draw_moment && begin && sleep_ms "$at"
	hit dd if=/dev/zero of=$inner/more bs=1M conv=fsync 2>/tmp/dd.log
	end_restore
	detach && umount /tmp/full || return
	[ "$hit_status" != 0 ] || why "the disk was not full" || return
	whole_or_failed
}

# Tells another helper to fill the same domain, when that has its memory.
another_helper()
{
	exec 3<$image
	dd bs=1 count="$stream" <&3 >/dev/null 2>&1
	xen-thaw-helper --restore-domain 3 3 "$1" 0 0 0 0 0 0 \
		</dev/null >/dev/null 2>/tmp/another.log
	another=$?
	exec 3<&-
	[ $another != 0 ] && grep -q 'it is not a new one' /tmp/another.log
}

filling()
{
	grep -q xen_thaw_begin $tracing/trace
}

second()
{
	choose_source && begin && wait_for_process xen-thaw-helper || return
	until filling; do
		! ended || return
	done
	at=$(draw moment 500)
	sleep_ms "$at"
	hit another_helper "$(domains)"
	end_restore
	[ "$hit_status" = 0 ] || why "$(cat /tmp/another.log)" || return
	[ "$status" = 0 ] || why "the restore failed" || return
	whole_or_failed
}

restore_one()
{
	sed "s/\"guest\"/\"guest$1\"/" /guest/pvh.cfg >"/tmp/guest$1.cfg"
	log=/tmp/restore$1.log
	restore module $image -p "/tmp/guest$1.cfg"
	echo $? >"/tmp/status$1"
}

eight_began()
{
	[ "$(pidof xen-thaw-helper | wc -w)" -ge 2 ]
}

# Eight restores run at once, and one of their helpers is killed. The others complete.
eight()
{
	choose_source 0
	: >/tmp/phases
	for i in 1 2 3 4 5 6 7 8; do
		restore_one $i &
	done
	wait_for 60 eight_began
	at=$(draw moment 8000)
	sleep_ms "$at"
	# shellcheck disable=SC2046 # a list of them
	kill -KILL $(pidof xen-thaw-helper | tr ' ' '\n' | tail -n 1)
	wait
	whole=0
	for i in 1 2 3 4 5 6 7 8; do
		[ "$(cat /tmp/status$i)" = 0 ] || continue
		frames_are /tmp/frames.ref guest$i && guest_destroy guest$i || return
		whole=$((whole + 1))
	done
	[ $whole -ge 7 ] || why "only $whole are whole" || return
	outcome "whole$whole"
	nothing_left
}

prepare()
{
	guest_start pvh guest 96 2 && xl save guest $image >$log 2>&1 &&
		cp $image $disk/guest.save && sync || return
	size=$(wc -c <$image)
	stream=$(list-records $image | sed -n 's/ stream$//p')
	restore stock $image -p && frames "$(domid guest)" >/tmp/frames.ref &&
		[ "$(wc -l </tmp/frames.ref)" -gt 24000 ] && guest_destroy guest &&
		rmmod xen_thaw && load_module || return
	for i in 0 1 2; do
		measure $i || return
	done
	cp /tmp/warm.ms /tmp/full.ms && cp /tmp/cold.ms /tmp/failing.ms
}

# run_kind ROUNDS: runs them, and counts the outcomes
run_kind()
{
	: >/tmp/all-phases
	: >/tmp/outcomes
	i=0
	while [ $i -lt "$1" ]; do
		seed=$((first_seed + i))
		: >/tmp/outcome
		: >/tmp/phases
		before=$failed
		test_it "$kind"
		[ "$failed" = "$before" ] ||
			echo "    to repeat it: races.sh 1 $seed $kind"
		echo "    seed $seed: $(grep ' the fill: ' /tmp/test.out)"
		cat /tmp/phases >>/tmp/all-phases
		cat /tmp/outcome >>/tmp/outcomes
		# What a failed round left is not the fault of the next.
		[ "$failed" = "$before" ] || destroy_all
		i=$((i + 1))
	done
	total=$((total + $1))
	within=$((within + $(grep -c within /tmp/all-phases)))
	: >/tmp/account
	test_it as_before "$total"
	echo "$kind: $1 rounds;" "$(sort /tmp/all-phases | uniq -c | tr -s ' \n' ' ')the fill;" \
		"$(sort /tmp/outcomes | uniq -c | tr -s ' \n' ' ');" "$(cat /tmp/account)"
}

test_it make_disk
[ $failed = 0 ] || finish || exit
sectors=$(blockdev --getsz /dev/scratch)
prepare || fail "no image to restore"
make_inner || fail "no filesystem in a file"
test_it remember
. /tmp/before
echo "$rounds rounds of each kind, from seed $first_seed on"
for kind in $all; do
	# A round of the kind eight has eight restores.
	[ "$kind" = eight ] && n=$(((rounds + 7) / 8)) || n=$rounds
	run_kind "$n"
done
[ "$within" -gt 0 ] || { echo "no round hit a fill"; failed=$((failed + 1)); }
finish
