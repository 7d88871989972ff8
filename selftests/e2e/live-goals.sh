#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0: live-goals.sh [ROUNDS] [MIB]. For how long a PVH guest is frozen by xl save, and by
# xen-thaw save --live, which takes turns with it: an idle guest, one that prints a hash of its
# memory all the time, and one that writes 8 MiB all the time. It measures, and tests nothing.

# shellcheck source=selftests/e2e/goals.sh
. /root/goals.sh

rounds=${1:-3}
mib=${2:-256}
image=/tmp/guest.save

# measure NAME COMMAND...: notes how long the guest was frozen, and how long the command took
measure()
{
	name=$1
	shift
	rm -f $image
	sleep 2
	begin=$(now)
	took=$(frozen "$(domid guest)" "$@" 2>>$log) || die "$*"
	echo "$name-frozen $took" | tee -a "$figures"
	note "$name-all" "$begin" "$(now)"
}

# guest KIND SETTINGS
guest()
{
	extra=$(sed -n 's/^extra = "\(.*\)fill=.*"/\1/p' /guest/pvh.cfg)
	guest_start pvh guest "$mib" 8 "extra=\"${extra}fill=8 $2\"" || die "no guest"
	round=0
	while [ $((round += 1)) -le "$rounds" ]; do
		measure "$1-stock" xl save -c guest $image
		measure "$1-ours" env LIBXL_SAVE_HELPER=/usr/local/bin/xen-thaw-helper \
			xl save -c guest $image
		measure "$1-live" xen-thaw save --live -c --stats $stats guest $image
	done
	echo "$1: $(sed -n 's/.*"again": \([0-9]*\),.*/\1/p' $stats | tail -n 1) pages came again in the last save"
	guest_destroy guest
}

# row KIND
row()
{
	for what in frozen all; do
		awk -v k="$1, $what" -v s="$(median "$1-stock-$what")" \
			-v o="$(median "$1-ours-$what")" -v l="$(median "$1-live-$what")" 'BEGIN {
				printf "%-16s %8.2f s %8.2f s %8.2f s   %.2f %.2f\n", k, s, o, l, l / s, l / o
			}'
	done
}

: >"$figures"
: >$log
guest idle pause=600
guest hashing pause=1
guest writing busy=8
this_dom0
echo "medians of $rounds rounds, $(grep -c ^processor /proc/cpuinfo) vCPUs, PVH guest of $mib MiB"
echo "                    xl save  with ours     --live   --live/xl save, /with ours"
for kind in idle hashing writing; do
	row $kind
done
