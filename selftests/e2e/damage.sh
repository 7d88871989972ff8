# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# For the end-to-end tests, in dom0: damaged copies of a save file, and restores
# that are stopped half way. Each fails with one line that names file, offset and
# cause, and leaves nothing.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

image=/tmp/guest.save
bad=/tmp/bad.save
long=/tmp/long.save
engine=module
free_before=$(host_free_mem)

# find_records: of the image; sets where things are
find_records()
{
	list-records --pages $image >/tmp/records || return
	size=$(wc -c <$image)
	stream=$(sed -n 's/ stream$//p' /tmp/records)
	first=$(record PAGE_DATA)
	end=$(record END)
}

# record NAME: offset of the first of that name
record()
{
	sed -n "s/ $1 .*//p" /tmp/records | head -n 1
}

# poke OFFSET BYTES: BYTES as printf has them
poke()
{
	printf "%b" "$2" | dd of=$bad bs=1 seek="$1" conv=notrunc 2>/dev/null
}

copy_image()
{
	cp $image $bad
}

# Every failure is judged alike.
fails_cleanly()
{
	restore "$engine" $bad -p
	status=$?
	[ $status != 0 ] || why "xl restore said ok" || return
	[ $status -lt 124 ] || why "xl restore: exit status $status" || return
	no_domain guest && no_helper && wait_for 30 free_mem_is "$free_before"
}

# says OFFSET CAUSE: exactly one line of ours, and that is it
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

cut_at()
{
	copy_image && truncate -s "$1" $bad && fails_cleanly || return
	# In xl's or libxl's header it is they who complain.
	[ "$1" -lt "$stream" ] || says '[0-9]*' 'end'
}

file_is_untouched()
{
	sum=$(md5sum $image) || return
	restore "$engine" $image -p && guest_destroy guest || return
	[ "$(md5sum $image)" = "$sum" ]
}

works_again()
{
	restore "$engine" $image -p && runs_on guest && guest_destroy guest
}

# The helper has begun, and has not ended.
helper_started()
{
	pid=$(pidof xen-thaw-helper | tr ' ' '\n' | head -n 1) && [ -n "$pid" ]
}

# stop_at SECONDS COMMAND: run the command that long after the helper began
stop_at()
{
	copy_image || return
	(restore "$engine" $bad -p; echo $? >/tmp/status) &
	until helper_started; do
		[ -d /proc/$! ] || return
	done
	# busybox has no sleep below a millisecond, nor needs one.
	sleep "$1"
	eval "$2"
	wait
	# It may have been too late: then the restore is whole.
	if [ "$(cat /tmp/status)" = 0 ]; then
		echo "too late at $1 s"
		guest_gone guest || guest_destroy guest
	fi
	no_domain guest && no_helper && wait_for 30 free_mem_is "$free_before"
}

# make_long: of the image, with an optional record of 256 KiB before its END. That is
# more than a pipe holds: a restore sends END only when the stock helper reads.
make_long()
{
	{
		head -c "$end" $image && printf '\043\001\000\200\000\000\004\000' &&
			head -c 262144 /dev/zero && tail -c +$((end + 1)) $image
	} >$long
	# shellcheck disable=SC2034 # for the tests
	long_size=$((size + 262152))
}

# while_restoring COMMAND: run when the records were read, before the stock helper is
while_restoring()
{
	cat >/tmp/stock <<-END
		#!/bin/sh
		$1
		exec /usr/lib/xen-4.17/bin/libxl-save-helper "\$@"
	END
	chmod +x /tmp/stock
	export XEN_THAW_STOCK_HELPER=/tmp/stock
}

# changed COMMAND [CAUSE]: of the file, meanwhile
changed()
{
	cp $long $bad && while_restoring "$1" && fails_cleanly || return
	grep -qE "^xen-thaw-helper: $bad: ${2:-the file was changed while it was restored: }" $log ||
		why "$(cat $log)"
}

# At every layer.
test_cuts()
{
	for at in $((stream + 1)) $((stream + 30)) $((stream + 41)) \
		$((stream + 60)) $((stream + 5000)) $((size / 2)) $((end + 3)) \
		$((end - 5)) $((end + 8)) $((size - 1)) 10 3000; do
		test_it cut_at "$at"
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

# test_page_data CAUSE: the first record; CAUSE is said of a pfn beyond the guest
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

# test_stops SECONDS...: after so long; all that may end
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
