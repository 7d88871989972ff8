# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# For the end-to-end tests, in dom0: damaged copies of a save file, and restores that
# are stopped half way. Each restore fails with one line that names file, offset and
# cause, and leaves nothing.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

image=/tmp/guest.save
bad=/tmp/bad.save
long=/tmp/long.save
engine=module
free_before=$(host_free_mem)

# find_records: lists the records of the image, and sets offsets
find_records()
{
	list-records --pages $image >/tmp/records || return
	size=$(wc -c <$image)
	stream=$(sed -n 's/ stream$//p' /tmp/records)
	first=$(record PAGE_DATA)
	end=$(record END)
}

# record NAME: prints the offset of the first record of that name
record()
{
	sed -n "s/ $1 .*//p" /tmp/records | head -n 1
}

# poke OFFSET BYTES: overwrites bytes; BYTES is a format of printf
poke()
{
	printf "%b" "$2" | dd of=$bad bs=1 seek="$1" conv=notrunc 2>/dev/null
}

copy_image()
{
	cp $image $bad
}

# The same checks for every failure.
fails_cleanly()
{
	restore "$engine" $bad -p
	status=$?
	[ $status != 0 ] || why "xl restore said ok" || return
	[ $status -lt 124 ] || why "xl restore: exit status $status" || return
	no_domain guest && no_helper && wait_for 30 free_mem_is "$free_before"
}

# says OFFSET CAUSE: exactly one line is ours, and names these
says()
{
	[ "$(grep -c '^xen-thaw-helper: ' $log)" = 1 ] ||
		why "not one line of the helper's" || return
	grep -q "^xen-thaw-helper: $bad: offset $1: .*$2" $log ||
		why "no line with offset $1 and $2"
}

# damaged OFFSET BYTES SAID-OFFSET CAUSE
damaged()
{
	copy_image && poke "$1" "$2" && fails_cleanly && says "$3" "$4"
}

truncated_at()
{
	copy_image && truncate -s "$1" $bad && fails_cleanly || return
	# If their own header is damaged, xl or libxl complain.
	[ "$1" -lt "$stream" ] || says '[0-9]*' 'end'
}

file_is_untouched()
{
	sum=$(md5sum $image) || return
	restore "$engine" $image -p && guest_destroy guest || return
	[ "$(md5sum $image)" = "$sum" ]
}

# The helper is running.
helper_started()
{
	pid=$(pidof xen-thaw-helper | tr ' ' '\n' | head -n 1) && [ -n "$pid" ]
}

# stop_at SECONDS COMMAND: runs the command SECONDS after the helper began
stop_at()
{
	copy_image || return
	(restore "$engine" $bad -p; echo $? >/tmp/status) &
	until helper_started; do
		[ -d /proc/$! ] || return
	done
	# busybox cannot sleep for less than a millisecond, and need not.
	sleep "$1"
	eval "$2"
	wait
	# If this was too late, the restore is complete.
	if [ "$(cat /tmp/status)" = 0 ]; then
		echo "too late at $1 s"
		guest_gone guest || guest_destroy guest
	fi
	no_domain guest && no_helper && wait_for 30 free_mem_is "$free_before"
}

# make_long: makes a copy of the image with an optional record of 256 KiB before END. A
# pipe holds less than that, so a restore sends END only when the stock helper reads.
make_long()
{
	{
		head -c "$end" $image && printf '\043\001\000\200\000\000\004\000' &&
			head -c 262144 /dev/zero && tail -c +$((end + 1)) $image
	} >$long
	# shellcheck disable=SC2034 # for the tests
	long_size=$((size + 262152))
}

# while_restoring COMMAND: is run after the scan, before the stock helper starts
while_restoring()
{
	cat >/tmp/stock <<-END
		#!/bin/sh
		$1
		exec /usr/lib/xen-*/bin/libxl-save-helper "\$@"
	END
	chmod +x /tmp/stock
	export XEN_THAW_STOCK_HELPER=/tmp/stock
}

# changed COMMAND [CAUSE]: COMMAND changes the file during a restore, which then fails
changed()
{
	cp $long $bad && while_restoring "$1" && fails_cleanly || return
	grep -qE "^xen-thaw-helper: $bad: ${2:-the file was changed while it was restored: }" $log ||
		why "$(cat $log)"
}

# Cuts in each layer of the file.
test_cuts()
{
	for at in $((stream + 1)) $((stream + 30)) $((stream + 41)) \
		$((stream + 60)) $((stream + 5000)) $((size / 2)) $((end + 3)) \
		$((end - 5)) $((end + 8)) $((size - 1)) 10 3000; do
		test_it truncated_at "$at"
	done
}

test_headers()
{
	test_it damaged "$stream" '\0' "$stream" marker
	test_it damaged $((stream + 8)) 'Y' "$stream" 'id'
	test_it damaged $((stream + 15)) '\011' "$stream" 'version 9'
	test_it damaged $((stream + 17)) '\001' "$stream" 'big-endian'
	test_it damaged $((stream + 24)) '\07' $((stream + 24)) 'guest type 7'
	test_it damaged $((stream + 28)) '\015' $((stream + 24)) 'page shift 13'
}

# test_page_data CAUSE: damages the first record; CAUSE is for a pfn beyond the guest
test_page_data()
{
	body=$((first + 8))
	test_it damaged $((first + 4)) '\0377\0377\0377\0177' "$first" 'limit'
	test_it damaged $((first + 4)) '\020\0\0\0' '[0-9]*' ''
	test_it damaged "$body" '\0\0\0\0' "$body" 'without a pfn'
	test_it damaged "$body" '\0377\0377\0377\0377' "$body" 'too short'
	test_it damaged $((body + 15)) '\0177' '[0-9]*' 'unknown type'
	test_it damaged $((body + 15)) '\0360' "$first" 'PAGE_DATA of'
	test_it damaged $((body + 13)) '\010' "$first" "$1"
	test_it damaged "$first" '\077' "$first" 'unknown mandatory'
}

# test_stops SECONDS...: after each time, ends everything that may end
test_stops()
{
	# shellcheck disable=SC2016 # stop_at evals them
	for delay in "$@"; do
		test_it stop_at "$delay" 'xl destroy guest'
		test_it stop_at "$delay" 'kill -TERM $pid'
		test_it stop_at "$delay" 'kill -KILL $pid'
		test_it stop_at "$delay" 'kill -KILL $(pidof libxl-save-helper)'
		test_it stop_at "$delay" 'truncate -s 1M $bad'
	done
}
