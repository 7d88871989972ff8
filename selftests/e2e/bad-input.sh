#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0. Damaged save files, and restores that are stopped half way: each
# fails with one line that names file, offset and cause, and leaves nothing.

# shellcheck source=selftests/e2e/damage.sh
. /root/damage.sh

engine=${1:-module}

start_and_save()
{
	guest_start pvh guest 128 8 || return
	remember_md5 guest || return
	xl save guest $image
}

test_it start_and_save
[ $failed = 0 ] || finish || exit
find_records || exit
test_it file_is_untouched
test_cuts
test_headers
test_page_data 'cannot populate'
test_stops 0 0.05 0.1 0.2 0.3 0.5
test_it works_again
test_it wait_for 30 free_mem_is "$free_before"
finish
