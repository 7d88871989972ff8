#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0. A restore must not pass on a guest's data, pass on our descriptors, or
# fill a guest that runs. Xen does not scrub memory that a living guest gives back. The
# stock helper hands it to the next guest in pages that come without data. This shows
# the test that the memory was not clean.

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

# The stock helper gets libxl's descriptors and a pipe, but no device.
descriptors()
{
	cat >/tmp/stock-helper <<'EOT'
#!/bin/sh
ls -l /proc/self/fd >/tmp/descriptors
exec /usr/lib/xen-*/bin/libxl-save-helper "$@"
EOT
	chmod +x /tmp/stock-helper
	export XEN_THAW_STOCK_HELPER=/tmp/stock-helper
	restore module $image -p && guest_destroy guest || return
	grep -q pipe: /tmp/descriptors || return
	! grep -E 'thaw|privcmd|gntdev|hypercall' /tmp/descriptors
}

# The helper does not fill a running guest, whoever calls it.
running_guest()
{
	restore module $image && guest_wait_tick guest >/dev/null || return
	stream=$(list-records $image | sed -n 's/ stream$//p')
	exec 3<$image
	# The offset is at the start of the libxc stream, where libxl leaves it.
	dd bs=1 count="$stream" <&3 >/dev/null 2>&1
	! xen-thaw-helper --restore-domain 3 3 "$(domid guest)" 0 0 0 0 0 0 \
		</dev/null >/tmp/stdout 2>$log || return
	exec 3<&-
	grep -q 'pages of memory: it is not a new one' $log || return
	[ ! -s /tmp/stdout ] || return
	[ "$(guest_wait_tick guest)" = "$(cat /tmp/md5)" ] || return
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
test_it descriptors
test_it running_guest
finish
