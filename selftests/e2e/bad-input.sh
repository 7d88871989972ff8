#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0. Restores of damaged save files, and restores that are stopped half way,
# fail with one line that names file, offset and cause, and leave nothing.

# shellcheck source=selftests/e2e/damage.sh
. /root/damage.sh

engine=${1:-module}

start_and_save()
{
	guest_start pvh guest 128 8 || return
	remember_md5 guest || return
	xl save guest $image
}

# same_as_stock COMMAND FILE: COMMAND does not change the contents, and does no harm
same_as_stock()
{
	while_restoring "$1" && restore "$engine" "$2" -p || return
	frames_are /tmp/frames.ref guest && guest_destroy guest
}

# Changes of names and owners, and of a device's node, which udev touches.
other_changes()
{
	cp $long $bad || return
	same_as_stock "ln $bad $bad.link; chmod 600 $bad; chown 1 $bad" $bad &&
		same_as_stock "rm $bad $bad.link" $bad || return
	dd if=$long of=/dev/scratch bs=1M || return
	same_as_stock 'touch /dev/scratch' /dev/scratch || return
	# A write after the end of the image.
	same_as_stock "echo behind | dd of=/dev/scratch bs=1M seek=$((long_size / 1048576 + 1))" \
		/dev/scratch
}

test_changes()
{
	# The file may be cut before it is read, meanwhile, or after everything was read.
	any='(offset [0-9]*: |the file was changed)'
	test_it changed "touch $bad"
	test_it changed "echo | dd of=$bad bs=1 seek=$((long_size / 2)) conv=notrunc"
	test_it changed "truncate -s 1M $bad" "$any"
	test_it changed "truncate -s 1M $bad; truncate -s $long_size $bad" "$any"
	test_it changed "truncate -s $((long_size - 4)) $bad"
	test_it changed "echo more >>$bad"
	test_it other_changes
}

test_it start_and_save
[ $failed = 0 ] || finish || exit
find_records && make_long || exit
test_it file_is_untouched
test_cuts
test_headers
test_page_data 'cannot populate'
test_it stock_reference pvh $image /tmp/frames.ref 32000
test_changes
test_stops 0 0.05 0.1 0.2 0.3 0.5
test_it restores_as_stock "$engine" $image
test_it wait_for 30 free_mem_is "$free_before"
finish
