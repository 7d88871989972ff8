#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0, with two processors: clone-goals.sh [ROUNDS]. Figures of xen-thaw clone, beside
# those of xl restore by stock, which takes turns with it. It measures, and tests nothing. Guests
# stay paused: eight of them that run leave an emulator no time for anything else.

# shellcheck source=selftests/e2e/goals.sh
. /root/goals.sh

rounds=${1:-3}
clones=8
image=/tmp/guest.save
jobs=/var/lib/xen-thaw/clones

quiet()
{
	for id in $(domains); do
		xl destroy "$id" >>$log 2>&1
	done
	wait_for 60 no_domains || die "domains are left"
	# Xen scrubs what they had.
	wait_for 60 free_mem_is "$free" || die "memory is missing"
	sleep 2
}

by_xl()
{
	begin=$(now)
	i=0
	while [ $((i += 1)) -le $clones ]; do
		sed "s/^name.*/name = \"xl-$i\"/; s/^memory.*/memory = 128/" /guest/pvh.cfg >/tmp/xl.cfg
		xl restore -p /tmp/xl.cfg $image >>$log 2>&1 || die "xl restore"
	done
	note stock-all "$begin" "$(now)"
	quiet
}

by_clone()
{
	begin=$(now)
	xen-thaw clone --paused --count $clones --name 'clone-%d' --json $image 2>>$log | while read -r line; do
		[ -n "${first:-}" ] || note clone-first "$begin" "$(now)"
		first=1
		echo "$line" >>/tmp/lines
	done
	[ "$(domains | wc -l)" = $clones ] || die "$(domains | wc -l) clones"
	note clone-all "$begin" "$(now)"
	sed -n 's/.*"helper":\([0-9.]*\).*/\1/p' /tmp/lines | sort -n | awk '
		{ v[NR] = $1 }
		END { printf "helper-spread %.2f\n", v[NR] / (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) * 2 }' |
		tee -a "$figures"
	rm /tmp/lines
	awk '/^Pss:/ { print "job-kib", $2 }' "/proc/$(cat $jobs/job.*/lock)/smaps_rollup" |
		tee -a "$figures"
	quiet
}

by_restore()
{
	begin=$(now)
	xen-thaw restore -p $image >>$log 2>&1 || die "xen-thaw restore"
	note restore-one "$begin" "$(now)"
	quiet
}

by_take()
{
	xen-thaw clone --ahead 1 --spare 64 --name 'pool-%d' $image >>$log 2>&1 || die "a pool"
	# Nothing else is made meanwhile.
	xen-thaw clone --paused --name paused $image >>$log 2>&1 || die "a clone"
	begin=$(now)
	xl unpause paused >>$log 2>&1 || die "xl unpause"
	note unpause "$begin" "$(now)"
	begin=$(now)
	xen-thaw take --name taken $image >>$log 2>&1 || die "take"
	note take "$begin" "$(now)"
	xen-thaw take --stop $image || die "take --stop"
	quiet
}

ratio()
{
	awk -v a="$(median "$1")" -v b="$(median "$2")" -v f="${3:-1}" 'BEGIN { printf "%.2f", a / b / f }'
}

: >"$figures"
free=$(host_free_mem)
guest_start pvh guest 128 1
xl save guest $image >>$log 2>&1 || die "an image"
cat $image >/dev/null
free=$((free - 8))
round=0
while [ $((round += 1)) -le "$rounds" ]; do
	by_xl
	by_clone
	by_restore
	by_take
done
this_dom0
echo "medians of $rounds rounds, $(grep -c ^processor /proc/cpuinfo) vCPUs, $clones paused clones of 128 MiB"
echo "all clones / as many xl restore by stock: $(ratio clone-all stock-all)"
echo "first clone / one xen-thaw restore:       $(ratio clone-first restore-one)"
echo "slowest helper / median:                  $(median helper-spread)"
echo "take / xl unpause:                        $(ratio take unpause)"
echo "memory of the job, KiB:                   $(median job-kib)"
