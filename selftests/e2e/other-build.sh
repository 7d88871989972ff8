#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0, with programs that were built on another release of Debian, with another Xen.
# They restore PVH and PV guests as stock does. xen-thaw-dump.so is tied to one Xen, and one
# line says so.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

image=/tmp/guest.save

start_and_save()
{
	guest_start "$1" guest 96 8 && remember_md5 guest && xl save guest $image
}

dump_is_refused()
{
	restore module $image -p || return
	! xen-thaw dump guest /tmp/guest.core 2>$log || return
	grep -q 'cannot load .*xen-thaw-dump.so: rebuild .* for the Xen that is here' $log &&
		[ ! -e /tmp/guest.core ] && guest_destroy guest
}

for kind in pvh pv; do
	test_it start_and_save $kind
	test_it stock_reference $kind $image /tmp/frames.ref 20000
	test_it restores_as_stock module $image
done
test_it dump_is_refused
finish
