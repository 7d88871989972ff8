#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0: large.sh MIB... Guests of these sizes are saved and restored as by stock, also
# those that have frames above the hole below 4 GiB.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

image=/tmp/guest.save
# The stock helper takes minutes for a large guest.
xl_limit=900

# Most of such a guest is zero, so only a packed image fits into dom0.
start_and_save()
{
	guest_start pvh guest "$1" 64 && remember_md5 guest || return
	xl_thaw save guest $image || return
	[ "$(stat form)" = packed ] && xen-thaw verify $image
}

# has_frames MIB: the list has one line for each frame; gfns above the hole start at 4 GiB
has_frames()
{
	[ "$(wc -l </tmp/frames.ref)" -ge $(($1 * 256)) ] || why "$(wc -l </tmp/frames.ref) frames" ||
		return
	last=$(tail -n 1 /tmp/frames.ref | cut -d' ' -f1)
	echo "# the last frame is $last"
	[ "$1" -lt 4096 ] || [ ${#last} -gt 5 ] || why "no frame above the hole"
}

free_before=$(host_free_mem)
for mib; do
	test_it start_and_save "$mib"
	test_it stock_reference pvh $image /tmp/frames.ref 100000
	test_it has_frames "$mib"
	test_it restores_as_stock module $image
	rm -f $image
done
test_it wait_for 60 free_mem_is "$free_before"
finish
