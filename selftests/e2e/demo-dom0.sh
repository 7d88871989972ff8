#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0: the demonstration. Arguments: MIB of the guest, ROUNDS.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

mib=$1 rounds=$2
image=/tmp/guest.save
engines='stock mmapbatch module'

step()
{
	printf '  %-62s' "$1"
}

give_up()
{
	echo "FAILED"
	cat $log
	exit 1
}

median()
{
	sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# The first round proves each engine's guest; all of them take the time.
round()
{
	for e in $engines; do
		restore "$e" $image -p || give_up
		stat total_s >>"/tmp/total.$e"
		eval "pages_$e=$(stat pages) calls_$e=$(stat hypercalls)"
		[ "$1" != 1 ] || prove "$e" || give_up
		guest_destroy guest || give_up
	done
}

prove()
{
	if [ "$1" = stock ]; then
		frames "$(domid guest)" >/tmp/frames.ref || return
		pages_all=$(wc -l </tmp/frames.ref)
	else
		frames_are /tmp/frames.ref guest || return
	fi
	runs_on guest
}

row()
{
	e=$1 wall=$(median "/tmp/total.$1")
	[ "$e" = stock ] && stock_wall=$wall
	ratio=$(awk "BEGIN { printf \"%.2f\", $wall / $stock_wall }")
	eval "pages=\$pages_$e calls=\$calls_$e"
	[ "$pages" != 0 ] || pages=$pages_all
	[ "$calls" != 0 ] || calls=-
	printf '  %-10s %9.2f s %8s %11s %8s   %-11s %s\n' "$e" "$wall" \
		"$ratio" "$calls" "$pages" \
		"$([ "$e" = stock ] && echo reference || echo identical)" yes
}

echo "$(this_dom0):"
step "starting a PVH guest of $mib MiB with known random memory"
guest_start pvh guest "$mib" 16 >$log 2>&1 || give_up
remember_md5 guest >$log 2>&1 || give_up
echo "md5 $(cut -c1-8 /tmp/md5)..."

step "saving it with xl save"
xl save guest $image >$log 2>&1 || give_up
cat $image >/dev/null
echo "$(($(wc -c <$image) >> 20)) MiB, in the page cache"

for i in $(seq "$rounds"); do
	step "round $i of $rounds: stock, mmapbatch, module$([ "$i" = 1 ] &&
		echo ', every frame compared')"
	round "$i"
	echo "$(for e in $engines; do tail -n 1 "/tmp/total.$e"; done |
		awk '{ printf "%s%.1f", sep, $1; sep = " / " }') s"
done

echo
printf '  %-10s %11s %8s %11s %8s   %-11s %s\n' engine 'helper wall' 'ratio' \
	hypercalls pages memory 'runs on'
for e in $engines; do
	row "$e"
done
