#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0, whose kernel takes only signed modules (module.sig_enforce=1). Ours, in
# /root/xen_thaw.ko, has no signature: it is refused, and restores take another engine.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

image=/tmp/guest.save

refused()
{
	[ "$(cat /sys/module/module/parameters/sig_enforce)" = Y ] || why "signatures are not enforced" ||
		return
	! insmod /root/xen_thaw.ko 2>/tmp/insmod || why "it was loaded" || return
	grep 'Key was rejected by service' /tmp/insmod || why "$(cat /tmp/insmod)" || return
	[ ! -e /dev/xen/thaw ]
}

save_guest()
{
	guest_start pvh guest 96 8 && remember_md5 guest && xl save guest $image
}

# A restore says why it takes another engine, and what to do.
falls_back()
{
	restore auto $image -p || return
	grep 'the module is not loaded: modprobe xen_thaw: falling back to' $log || why "$(cat $log)" ||
		return
	[ "$(stat engine)" != module ] && [ "$(stat engine)" != stock ] || why "engine $(stat engine)" ||
		return
	runs_on guest && guest_destroy guest
}

# The kernel finds the module, as DKMS installs it.
doctor_knows()
{
	dir=/lib/modules/$(uname -r)
	mkdir -p "$dir/updates/dkms" && cp /root/xen_thaw.ko "$dir/updates/dkms/" &&
		echo updates/dkms/xen_thaw.ko: >>"$dir/modules.dep" || return
	! xen-thaw doctor >/tmp/doctor || why "it found nothing to do" || return
	for line in '^todo  signature *unsigned, and module.sig_enforce refuses such modules' \
		'-> .*docs/secure-boot.md'; do
		grep -e "$line" /tmp/doctor || why "$(cat /tmp/doctor)" || return
	done
}

test_it refused
test_it save_guest
test_it falls_back
test_it doctor_knows
finish
