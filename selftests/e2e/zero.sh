#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0. Zero pages that Xen makes: every frame is as stock has it, nothing of
# populate on demand is left, and the guest is one like any other. Where Xen refuses, or
# has no memory, the restore goes the old way or fails. No memory is clean here: see
# scrub.sh.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

image=/tmp/guest.save
packed=/tmp/packed.save
holes=/tmp/holes.save

reference()
{
	dirty-memory 8 || return
	guest_start pvh guest 96 4 && remember_md5 guest &&
		xl save guest $image || return
	xen-thaw pack -q $image $packed || return
	cp $image $holes && dig-holes $holes || return
	restore stock $image -p || return
	frames "$(domid guest)" >/tmp/frames.ref && guest_destroy guest
}

# at_least FIELD NUMBER
at_least()
{
	[ "$(stat "$1")" -ge "$2" ] || why "$1 is $(stat "$1")"
}

nothing_left()
{
	left=$(pod-left "$(domid guest)") || return
	[ "$left" = "0 0" ] || why "on demand: $left"
}

# by_xen ENGINE FILE: Xen makes the zero pages that are marked.
by_xen()
{
	dirty-memory 8 >/dev/null || return
	restore "$1" "$2" -p || return
	at_least zero_pages 5000 && nothing_left && frames_are /tmp/frames.ref guest || return
	at_least zero_by_xen $(($(stat zero_pages) * 3 / 4)) || return
	[ -z "$(stat zero_refused)" ] || why "$(stat zero_refused)" || return
	runs_on guest && guest_destroy guest
}

# unmarked ENGINE: zero pages among the data are not written.
unmarked()
{
	dirty-memory 8 >/dev/null || return
	restore "$1" $image -p || return
	nothing_left && frames_are /tmp/frames.ref guest || return
	at_least zero_skipped 4000 || return
	runs_on guest && guest_destroy guest
}

# What is done to any guest works afterwards.
lives_on()
{
	restore module $packed && goes_on guest || return
	xl mem-set guest 92 && goes_on guest && xl mem-set guest 96 && goes_on guest ||
		return
	xen-thaw dump guest /tmp/core && rm /tmp/core && goes_on guest || return
	xl save guest /tmp/second.save || return
	restore stock /tmp/second.save && goes_on guest && guest_destroy guest || return
	restore module /tmp/second.save && goes_on guest && guest_destroy guest || return
	rm /tmp/second.save
}

# Xen marks no memory of a domain that has a device.
refused()
{
	cat >/tmp/with-device <<'EOT'
#!/bin/sh
allow-iomem "$4" || exit
exec /usr/local/bin/xen-thaw-helper "$@"
EOT
	chmod +x /tmp/with-device
	dirty-memory 8 >/dev/null || return
	XEN_THAW_STATS=$stats XEN_THAW_ENGINE=$1 LIBXL_SAVE_HELPER=/tmp/with-device \
		timeout $xl_limit xl restore -p "$2" >$log 2>&1 || return
	nothing_left && frames_are /tmp/frames.ref guest || return
	[ "$(stat zero_by_xen)" = 0 ] || why "zero_by_xen $(stat zero_by_xen)" || return
	case $(stat zero_refused) in
	*'does not mark'*) ;;
	*) why "zero_refused: $(stat zero_refused)" || return ;;
	esac
	runs_on guest && guest_destroy guest
}

# take KEEP half|hold: see dirty-memory
take()
{
	rm -f /tmp/held
	dirty-memory "$@" >/tmp/held &
	holder=$!
	wait_for 60 test -s /tmp/held
}

release()
{
	kill "$holder" && wait "$holder"
}

# Xen gives 4 KiB pages one by one when it has no others.
no_large_pages()
{
	take 4 half || return
	restore "$1" "$2" -p && nothing_left && frames_are /tmp/frames.ref guest &&
		[ "$(stat zero_refused)" ] && runs_on guest
	status=$?
	guest_destroy guest
	release
	return $status
}

# Short of memory the restore fails, and gives all of it back.
no_memory()
{
	take 70 hold && before=$(host_free_mem) || return
	! restore module $packed -p || why "restored with $before MiB" || return
	grep 'cannot populate domain .* either memory is short' $log || return
	wait_for 20 no_domain guest || return
	wait_for 20 free_mem_is "$before" ||
		why "$(host_free_mem) MiB free of $before" || return
	release
	restore module $packed -p && frames_are /tmp/frames.ref guest && guest_destroy guest
}

test_it reference
[ $failed = 0 ] || finish || exit
for engine in module gntdev mmapbatch; do
	test_it by_xen $engine $packed
	test_it by_xen $engine $holes
	test_it unmarked $engine
	test_it no_large_pages $engine $packed
done
test_it no_large_pages module $image
test_it lives_on
test_it refused module $packed
test_it refused module $image
test_it refused gntdev $holes
test_it no_memory
finish
