#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0: times restores, and writes raw figures to $RESULTS for
# selftests/bench/report. Arguments are settings, NAME=VALUE:
#   sizes     MiB of the guests, one after the other
#   rounds    number of rounds of each comparison
#   parts     what to measure; a function below for each
#   kinds     devices of the guests, for the parts about them
# In each round every case runs once, so that all have the same noise.

# shellcheck source=selftests/emu/lib.sh
. /guest/lib.sh
# shellcheck source=selftests/e2e/devices.sh
. /root/devices.sh
# shellcheck source=selftests/e2e/whole.sh
. /root/whole.sh
# shellcheck source=selftests/bench/streams.sh
. /root/streams.sh

sizes=256 rounds=5 parts=engines
for setting; do
	eval "${setting%%=*}=\"\${setting#*=}\""
done

helper=/usr/local/bin/xen-thaw-helper
log=/tmp/log
aligned=/tmp/aligned.save packed=/tmp/packed.save holes=/tmp/holes.save
full=/tmp/full.save pv=/tmp/pv.save pv_holes=/tmp/pv-holes.save

die()
{
	echo "FAILED: $*"
	[ ! -s $log ] || tail -n 20 $log
	exit 1
}

uptime()
{
	cut -d' ' -f1 /proc/uptime
}

# Xen scrubs the memory of old guests when it is idle: wait for that.
# settle [GUESTS]
settle()
{
	sleep "$(awk "BEGIN { print 0.3 + $mib * ${1:-1} / 512 }")"
}

# The figures of a case are in files named by what was measured, one for each round.
# place PART IMAGE CASE: sets $out
place()
{
	mkdir -p "$RESULTS/figures/$1.$mib.$2.$3"
	out=$RESULTS/figures/$1.$mib.$2.$3/$round
}

# timed PART IMAGE CASE FILE [VARIABLE=VALUE]...: times a restore; CASE is the engine
timed()
{
	place "$1" "$2" "$3"
	file=$4
	shift 4
	start=$(uptime)
	env XEN_THAW_STATS="$out.helper" LIBXL_SAVE_HELPER=$helper "$@" \
		xl restore -p "$file" >$log 2>&1 || die "restore, see $out"
	echo "$start $(uptime)" >"$out.xl"
	printf ' %s' "$(sed 's/.*"total_s": \([0-9]*\.[0-9]\{2\}\).*/\1/' "$out.helper")"
	guest_destroy guest
	settle
}

# by ENGINE PART IMAGE FILE
by()
{
	timed "$2" "$3" "$1" "$4" XEN_THAW_ENGINE="$1"
}

limit()
{
	place "$1" "$2" "$3"
	limits "$3" "$4" >"$out.limit" 2>$log || die "limits $3"
}

# save_guest pvh|pv FILE FILL_MIB: starts a guest, and saves it
save_guest()
{
	guest_start "$1" guest "$mib" "$3" >$log 2>&1 || die "no guest"
	printf ', saving it'
	xl save guest "$2" >$log 2>&1 || die "xl save"
	wait_for 20 guest_gone guest || die "the guest is still there"
}

# disk_use IMAGE FILE
disk_use()
{
	round=1
	place disk "$1" file
	du -k "$2" | cut -f1 >"$out.kib"
}

# guest MIB: makes the images of a guest of that size
guest()
{
	mib=$1 plain=/tmp/$1.save
	printf '%s MiB: starting a guest' "$mib"
	! want whole || for kind in $kinds; do
		printf ', with devices: %s' "$(kind_name "$kind")"
		save_kind "$kind" "$mib"
	done
	fill=16
	# About 60% of the pages are zero then.
	! want save || fill=$((mib / 5))
	save_guest pvh "$plain" $fill
	if want aligned; then
		printf ', aligning the image'
		align-image "$plain" $aligned 2>$log || die "align-image"
	fi
	if want packed; then
		printf ', packing it'
		xen-thaw pack "$plain" $packed >$log 2>&1 || die "xen-thaw pack"
	fi
	if want packed && want save; then
		disk_use plain "$plain"
		disk_use packed $packed
	fi
	if want holes || want zeros; then
		printf ', a copy with holes for zeros'
		cp "$plain" $holes
		dig-holes $holes 2>$log || die "dig-holes"
	fi
	if want zeros; then
		printf ', a copy without zeros'
		cp "$plain" $full
		fill-zeros $full 2>$log || die "fill-zeros"
	fi
	if want pv_guest || want pv_zeros; then
		printf ', a PV guest'
		save_guest pv $pv 16
	fi
	if want pv_zeros; then
		cp $pv $pv_holes
		dig-holes $pv_holes 2>$log || die "dig-holes"
	fi
	echo
}

# want PART: true if PART is to be measured; PART@MIB is for one size only
want()
{
	case " $parts " in
	*" $1 "* | *" $1@$mib "*) ;;
	*) return 1 ;;
	esac
}

# Each engine, with the stock image and with others; and the limits of memory speed.
engines()
{
	for engine in stock module mmapbatch gntdev; do
		case $engine in
		mmapbatch | gntdev) want others || continue ;;
		esac
		by $engine engines plain "$plain"
	done
	for limit in memcpy movs read; do
		limit engines plain $limit "$plain"
	done
	! want aligned || by module engines aligned $aligned
	if want aligned && want more; then
		by stock engines aligned $aligned
		by mmapbatch engines aligned $aligned
		by gntdev engines aligned $aligned
	fi
	! want packed || by module engines packed $packed
	if want packed && want more; then
		by stock engines packed $packed
	fi
	! want holes || by module engines holes $holes
	if want holes && want more; then
		by mmapbatch engines holes $holes
		by gntdev engines holes $holes
	fi
}

# A PV guest, whose memory the stock helper populates.
pv_guest()
{
	for engine in stock module mmapbatch; do
		by $engine pv_guest plain $pv
	done
}

# xl save of a running guest, by the stock helper and by ours.
save()
{
	for case in stock packed; do
		place save xl $case
		LIBXL_SAVE_HELPER=$helper xl restore "$plain" >$log 2>&1 || die "restore"
		guest_wait_tick guest >/dev/null
		start=$(uptime)
		if [ $case = stock ]; then
			xl save guest /tmp/saved.save >$log 2>&1 || die "xl save"
		else
			LIBXL_SAVE_HELPER=$helper XEN_THAW_CACHE=keep \
				xl save guest /tmp/saved.save >$log 2>&1 || die "xl save"
		fi
		echo "$start $(uptime)" >"$out.xl"
		printf ' %s' "$(awk '{ print $2 - $1 }' "$out.xl")"
		wait_for 20 guest_gone guest || die "the guest is still there"
		rm /tmp/saved.save
		settle
	done
	by stock save packed $packed
	by stock save plain "$plain"
}

# What a zero page costs: the same pages without zeros, with zeros among the data, and
# with zeros in holes of the file. A PV guest's zeros among the data are copied.
zeros()
{
	for engine in module mmapbatch gntdev; do
		by $engine zeros full $full
		by $engine zeros plain "$plain"
		by $engine zeros holes $holes
		want pv_zeros || continue
		by $engine pv_zeros plain $pv
		by $engine pv_zeros holes $pv_holes
	done
}

# Small and large guests in turns, to compare the time per GiB.
scale()
{
	for mib in $sizes; do
		for engine in stock module; do
			by $engine scale plain "/tmp/$mib.save"
		done
	done
}

threads()
{
	by stock threads plain "$plain"
	for n in 1 2; do
		timed threads plain "threads-$n" "$plain" \
			XEN_THAW_ENGINE=module XEN_THAW_THREADS=$n
	done
	limit threads plain memcpy "$plain"
}

# on_disk: copies the image to the disk, too
on_disk()
{
	! grep -q ' /mnt ' /proc/mounts || return 0
	modprobe ext4
	mkfs.ext4 -q /dev/scratch >$log 2>&1 || die "mkfs"
	mount -t ext4 /dev/scratch /mnt || die "mount"
	cp "$plain" /mnt/plain.save && sync
}

# The image is on a disk, and not cached.
cold()
{
	on_disk
	for case in dd stock module; do
		echo 3 >/proc/sys/vm/drop_caches
		place cold disk $case
		if [ $case = dd ]; then
			start=$(uptime)
			dd if=/mnt/plain.save of=/dev/null bs=1M 2>$log
			echo "$start $(uptime)" >"$out.xl"
		else
			by $case cold disk /mnt/plain.save
		fi
	done
	by module cold cached /mnt/plain.save
}

# The same, and the image is not cached afterwards.
uncached()
{
	on_disk
	for case in dd module mmapbatch; do
		echo 3 >/proc/sys/vm/drop_caches
		place uncached disk $case
		if [ $case = dd ]; then
			start=$(uptime)
			dd if=/mnt/plain.save of=/dev/null bs=1M iflag=direct 2>$log ||
				die "dd past the page cache"
			echo "$start $(uptime)" >"$out.xl"
		else
			timed uncached disk $case /mnt/plain.save \
				XEN_THAW_ENGINE=$case XEN_THAW_CACHE=drop
		fi
		resident /mnt/plain.save >"$out.cached"
	done
}

# own_xl NUMBER IMAGE: restores that guest, with a configuration and a lock of xl of its own:
# xl's usual lock would make them run one by one
own_xl()
{
	unshare -m sh -c "mount --bind /tmp/xl$1.conf /etc/xen/xl.conf &&
		exec xl restore -p /tmp/guest$1.cfg $2" >"$log$1" 2>&1 || return
	uptime >>"$out.ends"
}

# configure NUMBER DISKS
configure()
{
	sed -e "s/^name .*/name = \"guest$1\"/" -e "s/^memory .*/memory = $mib/" \
		/guest/pvh.cfg >"/tmp/guest$1.cfg"
	[ "$2" = 0 ] || echo "disk = [$(disks "$2" "$1-")]" >>"/tmp/guest$1.cfg"
	echo "lockfile=\"/run/lock/xl$1\"" >"/tmp/xl$1.conf"
}

# try_several NUMBER at-once|in-turns: sets $failed to the number of a guest that failed
try_several()
{
	failed=''
	rm -f "$out".*
	start=$(uptime)
	for i in $(seq "$1"); do
		own_xl "$i" "$plain" &
		eval "pid$i=$!"
		[ "$2" = at-once ] || wait "$!" || failed=$i
	done
	for i in $(seq "$1"); do
		[ "$2" = in-turns ] || eval "wait \$pid$i" || failed=$i
	done
	echo "$start $(uptime)" >"$out.xl"
	for i in $(seq "$1"); do
		guest_gone "guest$i" || guest_destroy "guest$i"
	done
	settle "$1"
	[ -z "$failed" ]
}

# several NUMBER at-once|in-turns DISKS [ENGINE]: restores guests from one image. On a busy
# machine libxl may not wait long enough for a disk.
several()
{
	for i in $(seq "$1"); do
		configure "$i" "$3"
	done
	export LIBXL_SAVE_HELPER=$helper XEN_THAW_STATS="$out.helper" XEN_THAW_ENGINE="$4"
	for try in 1 2 3; do
		try_several "$1" "$2" && break
		grep -q 'unable to add device' "$log$failed" ||
			die "guest $failed: $(tail -n 5 "$log$failed")"
		printf ' (libxl gave up waiting)'
	done
	unset LIBXL_SAVE_HELPER XEN_THAW_STATS XEN_THAW_ENGINE
	if [ -n "$failed" ]; then
		rm -f "$out".*
		printf ' left out: this machine is too slow'
		return
	fi
	printf ' %s' "$(awk '{ print $2 - $1 }' "$out.xl")"
}

eight()
{
	for engine in stock module; do
		for number in 1 8; do
			place eight plain "$engine-$number"
			several $number at-once 0 $engine
		done
	done
}

# The same with 4 disks for each guest, and with our scripts.
eight_disks()
{
	for how in 1.at-once 8.in-turns 8.at-once; do
		place eight_disks "${how#*.}" "${how%.*}"
		several "${how%.*}" "${how#*.}" 4 auto
	done
}

# The whole of xl restore and of xl destroy, with Xen's scripts and helper, and with ours.
whole()
{
	for kind in $kinds; do
		for who in stock xen-thaw; do
			place restore "$kind" $who
			restore_whole "$kind" $who "$out"
			printf ' %s' "$(awk '{ print $2 - $1 }' "$out.xl")"
			guest_wait_tick guest >/dev/null
			place destroy "$kind" $who
			destroy_whole $who "$out"
			settle
		done
	done
}

# Who has the processor in such a restore. dom0's kernel tells.
trace()
{
	tracing=/sys/kernel/tracing
	echo 0 >$tracing/tracing_on
	echo 16384 >$tracing/buffer_size_kb
	for event in switch process_fork process_exec process_exit; do
		echo 1 >$tracing/events/sched/sched_$event/enable || die "cannot trace"
	done
	for kind in $kinds; do
		for who in stock xen-thaw; do
			place trace "$kind" $who
			echo 1 >$tracing/tracing_on
			restore_whole "$kind" $who "$out"
			echo 0 >$tracing/tracing_on
			cat $tracing/trace >"$out.trace"
			echo >$tracing/trace
			guest_wait_tick guest >/dev/null
			destroy_whole $who /tmp/destroyed
			settle
		done
	done
	echo 0 >$tracing/events/enable
}

# Counts do not depend on the machine, so one round is enough.
count_of()
{
	place counts "$2" "$1"
	BENCH_COUNTS="$out.counts" BENCH_HELPER=$helper XEN_THAW_ENGINE=$1 \
		XEN_THAW_STATS="$out.helper" LIBXL_SAVE_HELPER=/usr/local/bin/count \
		xl restore -p "$3" >$log 2>&1 || die "restore, counted"
	guest_destroy guest
	settle
}

counts()
{
	for engine in stock module mmapbatch gntdev; do
		count_of $engine plain "$plain"
	done
	! want aligned || count_of module aligned $aligned
	! want packed || count_of module packed $packed
}

# Restores one by one between marks, for selftests/bench/profile.
profile()
{
	cp /proc/kallsyms "$RESULTS/"
	for case in stock.plain mmapbatch.plain gntdev.plain module.plain \
		module.aligned module.packed module.holes \
		stock.pv mmapbatch.pv module.pv; do
		engine=${case%.*}
		case $case in
		*.plain) file=$plain ;;
		*.aligned) file=$aligned ;;
		*.packed) file=$packed ;;
		*.holes) file=$holes ;;
		*.pv) file=$pv ;;
		esac
		BENCH_HELPER=$helper XEN_THAW_ENGINE=$engine XEN_THAW_STATS=/tmp/stats \
			LIBXL_SAVE_HELPER=/usr/local/bin/mark \
			xl restore -p "$file" >$log 2>&1 || die "restore, profiled"
		echo "$case $(sed -n '$s/.*"pages": \([0-9]*\),.*/\1/p' /tmp/stats)" \
			>>"$RESULTS/marks"
		printf ' %s' "$case"
		guest_destroy guest
		settle
	done
}

# repeat PART TIMES
repeat()
{
	want "$1" || return 0
	for round in $(seq "$2"); do
		printf '  %s, round %s of %s:' "$1" "$round" "$2"
		"$1"
		echo
	done
}

case $parts in
*whole*) prepare_devices ;;
esac
for mib in $sizes; do
	guest "$mib"
	for part in engines pv_guest:3 save:3 zeros threads cold uncached pipe zstd \
		eight:2 whole trace:$((rounds < 2 ? 1 : 2)) eight_disks:3 counts:1 profile:1; do
		times=${part#*:}
		[ "$times" != "$part" ] || times=$rounds
		repeat "${part%:*}" "$times"
	done
	want scale || rm -f "$plain"
	rm -f $aligned $packed $holes $full $pv $pv_holes
done
repeat scale "$rounds"
