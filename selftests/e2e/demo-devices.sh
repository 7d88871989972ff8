#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0: the demonstration of a whole xl restore and xl destroy, with and without disks
# and an interface. Arguments: MIB of the guest, ROUNDS.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh
# shellcheck source=selftests/e2e/devices.sh
. /root/devices.sh
# shellcheck source=selftests/e2e/whole.sh
. /root/whole.sh

mib=$1 rounds=$2
figures=/tmp/figures

die()
{
	echo "FAILED: $*"
	cat $log
	exit 1
}

# one KIND WHO
one()
{
	for what in restore destroy; do
		mkdir -p "$figures/$what.$1.$2"
	done
	restore_whole "$1" "$2" "$figures/restore.$1.$2/$i"
	guest_wait_tick guest >/dev/null
	destroy_whole "$2" "$figures/destroy.$1.$2/$i"
}

median()
{
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# seconds restore|destroy KIND WHO
seconds()
{
	cat "$figures/$1.$2.$3"/*.xl | awk '{ print $2 - $1 }' | median
}

row()
{
	for what in restore destroy; do
		seconds=$(seconds $what "$1" "$2")
		ratio=$(awk "BEGIN { printf \"%.2f\", $seconds / $(seconds $what "$1" stock) }")
		eval "$what='$(printf '%6.2f s %6s' "$seconds" "$ratio")'"
	done
	# shellcheck disable=SC2154 # eval sets it
	printf '  %-16s %-9s %s %10s   %s\n' "$(kind_name "$1")" "$2" "$restore" \
		"$(cat "$figures/restore.$1.$2"/*.started | median)" "$destroy"
}

echo "$(this_dom0), guests with disks and interfaces:"
prepare_devices
for kind in $kinds; do
	printf '  %-62s' "saving a PVH guest of $mib MiB, devices: $(kind_name "$kind")"
	save_kind "$kind" "$mib"
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
