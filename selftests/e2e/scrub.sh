#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0. A restore must not pass on a guest's data. Xen does not scrub memory that
# a living guest gives back. The stock helper hands it to the next guest in pages that come
# without data. This shows the test that the memory was not clean.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

image=/tmp/guest.save

# Hashes of all frames after a stock restore of the full image.
reference()
{
	guest_start pvh guest 96 4 && remember_md5 guest &&
		xl save guest $image || return
	xalloc $image /tmp/xalloc.save || return
	cp $image /tmp/holes.save && dig-holes /tmp/holes.save || return
	restore stock $image -p || return
	frames "$(domid guest)" >/tmp/frames.ref && guest_destroy guest
}

# A stock restore leaves old contents in frames.
stock_leaves_it()
{
	dirty-memory 8 || return
	restore stock /tmp/xalloc.save -p || return
	frames "$(domid guest)" >/tmp/frames.dirty && guest_destroy guest ||
		return
	nr=$(diff /tmp/frames.ref /tmp/frames.dirty | grep -c '^[+>]')
	[ "$nr" -gt 1000 ] || why "only $nr dirty frames: this proves nothing"
}

# zeroed ENGINE FILE
zeroed()
{
	dirty-memory 8 || return
	restore "$1" "$2" -p || return
	[ "$(stat engine)" = "$1" ] || why "engine $(stat engine)" || return
	[ "$(stat zero_pages)" -gt 1000 ] ||
		why "$(stat zero_pages) zero pages" || return
	frames_are /tmp/frames.ref guest && runs_on guest &&
		guest_destroy guest
}

test_it reference
[ $failed = 0 ] || finish || exit
test_it stock_leaves_it
for engine in module gntdev mmapbatch; do
	test_it zeroed $engine /tmp/xalloc.save
	test_it zeroed $engine /tmp/holes.save
done
test_it stock_leaves_it
finish
