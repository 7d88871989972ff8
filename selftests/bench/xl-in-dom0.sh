#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0: restores and destroys a guest by xl, in turns with each helper, and records
# what happens, for selftests/bench/xl-profile. Arguments: MIB of the guest, ROUNDS, its
# devices (none, disks, disks-and-vif), and NAME=HELPER for each helper.

# shellcheck source=selftests/emu/lib.sh
. /guest/lib.sh
# shellcheck source=selftests/e2e/devices.sh
. /root/devices.sh
# shellcheck source=selftests/e2e/whole.sh
. /root/whole.sh

mib=$1 rounds=$2 devices=$3
shift 3
log=/tmp/log
image=/tmp/$devices.save
tracing=/sys/kernel/tracing

die()
{
	fail "$*: $(tail -n 5 $log)"
}

# record NAME COMMAND...: traces COMMAND, if $traced, and notes how long it took
record()
{
	local name=$1 start end
	shift
	echo >$tracing/trace
	echo "$traced" >$tracing/tracing_on
	start=$EPOCHREALTIME
	"$@" >$log 2>&1 || die "$*"
	end=$EPOCHREALTIME
	echo 0 >$tracing/tracing_on
	[ "$traced" = 0 ] || cat $tracing/trace >"$RESULTS/$name.trace"
	echo "$name $traced $start $end" >>"$RESULTS/walls"
}

prepare_devices
save_kind "$devices" "$mib"
wait_for 20 guest_gone guest || fail "the guest is still there"

# The restored guest must not take the only processor from xl.
xl sched-credit2 -d Domain-0 -w 65535 || fail "no weight for dom0"

cat /root/probes >$tracing/uprobe_events || fail "no uprobes"
echo 16384 >$tracing/buffer_size_kb
for event in xl sched/sched_switch sched/sched_process_fork sched/sched_process_exec \
	sched/sched_process_exit; do
	echo 1 >$tracing/events/$event/enable || fail "cannot trace $event"
done

for round in $(seq 0 "$rounds"); do
	for traced in 0 1; do
		echo $traced >$tracing/events/xl/enable
		for helper; do
			export LIBXL_SAVE_HELPER=${helper#*=} XEN_THAW_HOTPLUG=native
			[ "${helper%%=*}" != stock ] || XEN_THAW_HOTPLUG=stock
			record "restore.${helper%%=*}.$round" xl restore "$image"
			# The daemon of xl goes on starting.
			sleep 1
			record "destroy.${helper%%=*}.$round" xl destroy guest
			wait_for 20 guest_gone guest || fail "the guest is still there"
			# Xen scrubs the memory when it is idle.
			sleep "$(awk "BEGIN { print 0.5 + $mib / 512 }")"
		done
	done
	echo "round $round of $rounds"
done
# Round 0 reads every program into the page cache.
rm "$RESULTS"/*.0.trace
