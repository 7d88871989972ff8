#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0: the demonstration of a whole xl restore and xl destroy, with and without disks
# and an interface. Arguments: MIB of the guest, ROUNDS.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh
# shellcheck source=selftests/e2e/devices.sh
. /root/devices.sh

mib=$1 rounds=$2
kinds='none disks disks-and-vif'

give_up()
{
	echo "FAILED: $*"
	cat $log
	exit 1
}

name_of()
{
	case $1 in
	none) echo none ;;
	disks) echo '4 disks (files)' ;;
	*) echo '4 disks, 1 vif' ;;
	esac
}

save_kind()
{
	case $1 in
	none) set -- "$1" ;;
	disks) set -- "$1" "disk=[$(disks 4)]" ;;
	*) set -- "$1" "disk=[$(disks 4)]" "vif=['bridge=xenbr0']" ;;
	esac
	kind=$1
	shift
	guest_start pvh guest "$mib" 1 "$@" >$log 2>&1 || give_up "starting a guest"
	xl save guest "/tmp/$kind.save" >$log 2>&1 || give_up "saving a guest"
	cat "/tmp/$kind.save" >/dev/null
}

now()
{
	cut -d' ' -f1 /proc/uptime
}

# timed FILE COMMAND...: adds the seconds to FILE, and the processes to FILE.processes
timed()
{
	file=$1
	shift
	processes=$(processes_started) begin=$(now)
	"$@" >$log 2>&1 || return
	end=$(now)
	echo "$begin $end" | awk '{ print $2 - $1 }' >>"$file"
	# cut and the two awk are ours.
	echo $(($(processes_started) - processes - 4)) >>"$file.processes"
}

# by WHO COMMAND...: stock or xen-thaw
by()
{
	if [ "$1" = stock ]; then
		shift
		XEN_THAW_HOTPLUG=stock "$@"
	else
		shift
		LIBXL_SAVE_HELPER=/usr/local/bin/xen-thaw-helper "$@"
	fi
}

# restore_kind KIND WHO: on a slow machine libxl may kill Xen's scripts after its timeout
restore_kind()
{
	for try in 1 2 3; do
		timed "/tmp/restore.$1.$2" by "$2" xl restore "/tmp/$1.save" && return
		grep -q 'because of timeout' $log || return
		[ $try = 3 ] || printf '\n  %-62s' "libxl killed a script of $2 that took too long: again"
		losetup -D
	done
	return 1
}

one()
{
	restore_kind "$1" "$2" || give_up "$2: xl restore"
	guest_wait_tick guest >/dev/null
	timed "/tmp/destroy.$1.$2" by "$2" xl destroy guest || give_up "$2: xl destroy"
	wait_for 20 guest_gone guest || give_up "$2: the guest is still there"
	[ -z "$(losetup -a)" ] || give_up "$2: loop devices are left"
}

median()
{
	sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

row()
{
	for what in restore destroy; do
		seconds=$(median "/tmp/$what.$1.$2") stock=$(median "/tmp/$what.$1.stock")
		ratio=$(awk "BEGIN { printf \"%.2f\", $seconds / $stock }")
		eval "$what='$(printf '%6.2f s %6s' "$seconds" "$ratio")'"
	done
	# shellcheck disable=SC2154 # eval sets it
	printf '  %-16s %-9s %s %10s   %s\n' "$(name_of "$1")" "$2" "$restore" \
		"$(median "/tmp/restore.$1.$2.processes")" "$destroy"
}

echo "$(this_dom0), guests with disks and interfaces:"
install_hotplug >$log 2>&1 || give_up "preparing dom0"
make_bridge >$log 2>&1 || give_up "making a bridge"
for kind in $kinds; do
	printf '  %-62s' "saving a PVH guest of $mib MiB, devices: $(name_of "$kind")"
	save_kind "$kind"
	echo "done"
done
for i in $(seq "$rounds"); do
	printf '  %-62s' "round $i of $rounds: each by stock, and by xen-thaw"
	for kind in $kinds; do
		one "$kind" stock
		one "$kind" xen-thaw
	done
	echo "done"
done
echo
printf '  %-16s %-9s %8s %6s %10s   %8s %6s\n' devices by 'xl restore' ratio processes 'xl destroy' ratio
for kind in $kinds; do
	row "$kind" stock
	row "$kind" xen-thaw
done
