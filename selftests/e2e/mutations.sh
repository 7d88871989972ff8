#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0: mutations.sh NUMBER SEED. Changes a save file in NUMBER ways, one at a
# time. Each file either restores to the same frames as with stock, or fails with a
# message and leaves nothing.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

number=${1:-12}
seed=${2:-1}
image=/tmp/guest.save
bad=/tmp/bad.save
restored=0
refused=0

save_guest()
{
	guest_start pvh guest 96 2 && xl save guest $image
}

nothing_left()
{
	wait_for 20 no_domains || why "a domain is left: $(xl list)" || return
	no_helper || return
	wait_for 30 free_mem_is "$free_before" ||
		why "free: $(host_free_mem) MiB, were $free_before"
}

frames_and_destroy()
{
	id=$(domains)
	frames "$id" >"$1" && xl destroy "$id" || return
	nothing_left
}

same_as_stock()
{
	frames_and_destroy /tmp/frames.ours || return
	restore stock $bad -p || why "stock does not take it" || return
	frames_and_destroy /tmp/frames.stock || return
	cmp /tmp/frames.ours /tmp/frames.stock ||
		why "frames differ: $(diff /tmp/frames.ours /tmp/frames.stock | grep -c '^[+>]')"
}

# If a record of libxl's says that it has 4 GiB, xl gives up and leaves the domain. No
# helper sees these records, so the same happens with the stock helper.
xl_gave_up()
{
	grep -q 'libxl: FATAL ERROR: memory allocation failure' $log || return
	xl destroy "$(domains)"
	restore stock $bad -p
	[ $? = "$1" ] && xl destroy "$(domains)"
}

fails_cleanly()
{
	status=$1
	if [ "$status" -ge 124 ] && ! xl_gave_up "$status"; then
		why "xl restore: exit status $status"
		return
	fi
	grep -qiE 'error|fail|corrupt|^xen-thaw-helper: ' $log ||
		why "it does not say why" || return
	nothing_left
}

mutation()
{
	what=$(mutate-save "$1" $image $bad) || return
	echo "$what"
	restore module $bad -p
	status=$?
	if [ $status = 0 ]; then
		echo restored >/tmp/outcome
		same_as_stock
	else
		echo refused >/tmp/outcome
		fails_cleanly $status
	fi
}

test_it save_guest
[ $failed = 0 ] || finish || exit
free_before=$(host_free_mem)
echo "$number mutations from seed $seed on"
i=0
while [ $i -lt "$number" ]; do
	: >/tmp/outcome
	test_it mutation $((seed + i))
	echo "    $(head -n 1 /tmp/test.out): $(cat /tmp/outcome)"
	case $(cat /tmp/outcome) in
	restored) restored=$((restored + 1)) ;;
	refused) refused=$((refused + 1)) ;;
	esac
	# What a failed restore left is not the fault of the next.
	for id in $(domains); do
		xl destroy "$id"
	done
	i=$((i + 1))
done
echo "$restored restored as stock restores them, $refused refused"
finish
