#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0. An unpatched xl restore, and ours, restore a file that xen-thaw pack
# made: every frame is as in a restore of the original. Then the script prints how much
# packing saves: medians of ROUNDS (default 1). Argument: ROUNDS, or "short" to leave
# out those figures, and a PV guest that gave nothing back.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

rounds=${1:-1}
image=/tmp/guest.save
packed=/tmp/packed.save

# start_and_save KIND MIB FILL
start_and_save()
{
	guest_start "$1" guest "$2" "$3" && remember_md5 guest || return
	xl save guest $image && xen-thaw verify $image
}

pack_it()
{
	sum=$(md5sum <$image)
	xen-thaw pack $image $packed || return
	[ "$(md5sum <$image)" = "$sum" ] || why "the original changed" || return
	[ -z "$(find /tmp -name '.xen-thaw*')" ] || return
	xen-thaw verify $packed | grep 'checksums of every byte' || return
	xen-thaw info $packed >/tmp/info && grep 'Packed: *yes' /tmp/info &&
		! xen-thaw info $image | grep 'Packed: *yes'
}

# A restore reads no zero pages, and copies each page with one operation.
module_figures()
{
	restore module $packed -p && guest_destroy guest || return
	pages=$(stat pages) zero=$(stat zero_pages) ops=$(stat copy_ops)
	[ "$zero" -gt 1000 ] || why "$zero zero pages" || return
	[ "$ops" -le $((pages + pages / 50)) ] ||
		why "$ops copy ops for $pages pages"
}

other_forms()
{
	xen-thaw pack -n $image /tmp/form.save || return
	restores_as_stock stock /tmp/form.save || return
	restores_as_stock module /tmp/form.save || return
	# Packing a packed file gives the same file.
	xen-thaw pack -f $packed /tmp/form.save || return
	cmp $packed /tmp/form.save || return
	# A copy without holes is larger, and otherwise the same.
	cat $packed >/tmp/form.save
	[ "$(du -k /tmp/form.save | cut -f1)" -gt "$(du -k $packed | cut -f1)" ] ||
		return
	xen-thaw verify /tmp/form.save && restores_as_stock module /tmp/form.save &&
		restores_as_stock stock /tmp/form.save || return
	rm /tmp/form.save
}

# The index comes after the magic. A wrong index does not mislead a restore.
index_lies()
{
	cp $packed /tmp/lies.save || return
	at=$(strings -t d /tmp/lies.save | awk '/xen-thaw/ { print $1; exit }')
	head -c 100 /dev/urandom |
		dd of=/tmp/lies.save bs=1 seek=$((at + 12)) conv=notrunc \
			2>/dev/null || return
	xen-thaw verify /tmp/lies.save 2>$log && why "verify found nothing" ||
		grep "offset $((at - 8)): index" $log || return
	restores_as_stock module /tmp/lies.save &&
		restores_as_stock stock /tmp/lies.save && rm /tmp/lies.save
}

# verify names the damaged page, and a restore with XEN_THAW_VERIFY=1 refuses the file.
flipped_bit()
{
	cp $packed /tmp/flip.save || return
	at=$(($(wc -c <$packed) / 2))
	old=$(dd if=$packed bs=1 skip=$at count=1 2>/dev/null | od -An -tu1)
	# shellcheck disable=SC2059 # the number of a byte
	printf "\\$(printf %o $((old ^ 4)))" |
		dd of=/tmp/flip.save bs=1 seek=$at conv=notrunc 2>/dev/null ||
		return
	said="offset $((at / 4096 * 4096)): the checksum of pfn"
	! xen-thaw verify /tmp/flip.save 2>$log && grep "$said" $log || return
	export XEN_THAW_VERIFY=1
	for e in module stock; do
		! restore $e /tmp/flip.save -p && grep "$said" $log &&
			no_domain guest && no_helper || return
	done
	rm /tmp/flip.save
}

verified_restore()
{
	export XEN_THAW_VERIFY=1
	restores_as_stock module $packed || return
	! grep 'no checksums' $log || return
	restores_as_stock module $image && grep 'no checksums' $log
}

no_room()
{
	mkdir -p /tmp/small && mount -t tmpfs -o size=8M none /tmp/small ||
		return
	! xen-thaw pack $image /tmp/small/packed 2>$log || return
	grep '/tmp/small/packed: offset .*: cannot write: No space left' $log ||
		return
	left=$(ls -A /tmp/small)
	umount /tmp/small
	[ -z "$left" ] || why "left behind: $left"
}

median()
{
	sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# wall ENGINE FILE: notes the helper's wall time of one more restore
wall()
{
	restore "$1" "$2" -p && stat total_s >>"/tmp/wall.$1.$(basename "$2")" &&
		guest_destroy guest
}

figures()
{
	for round in $(seq "$rounds"); do
		for file in $image $packed; do
			wall stock "$file" && wall module "$file" ||
				why "round $round" || return
		done
	done
	pages=$(stat pages)
	zero=$(xen-thaw info --json $image | sed -n 's/.*"zero": \([0-9]*\).*/\1/p')
	disk=$(du -k $image | cut -f1) packed_disk=$(du -k $packed | cut -f1)
	awk -v z="$zero" -v p="$pages" -v a="$packed_disk" -v b="$disk" 'BEGIN {
		printf "# zero pages: %.2f; disk, packed/stock: %d/%d KiB = %.2f\n",
			z / p, a, b, a / b }'
	base=$(median /tmp/wall.stock.guest.save)
	for e in stock module; do
		for f in guest.save packed.save; do
			awk -v w="$(median /tmp/wall.$e.$f)" -v b="$base" \
				-v e=$e -v f=$f 'BEGIN {
				printf "# helper wall, %s %s: %.3f s = %.2f\n",
					e, f, w, w / b }'
		done
	done
	awk -v s="$(tail -n 1 $stats)" 'BEGIN { print "# " s }'
}

# Memory that the guest gave back is listed as absent, and is not in the packed file.
ballooned()
{
	guest_start pv guest 160 16 && remember_md5 guest || return
	xl mem-set guest 128 || return
	sleep 3
	xl save guest $image
}

figures_test()
{
	figures >/tmp/figures
}

# test_pv COMMAND...: it saves a PV guest
test_pv()
{
	test_it "$@"
	test_it stock_reference pv $image /tmp/frames.ref 30000
	test_it pack_it
	test_it restores_as_stock stock $packed
	test_it restores_as_stock module $packed
	rm -f $packed
}

free_before=$(host_free_mem)
test_it start_and_save pvh 128 16
test_it stock_reference pvh $image /tmp/frames.ref 32000
test_it pack_it
test_it restores_as_stock stock $packed
test_it restores_as_stock module $packed
test_it restores_as_stock mmapbatch $packed
test_it restores_as_stock gntdev $packed
test_it module_figures
test_it other_forms
test_it index_lies
test_it flipped_bit
test_it verified_restore
test_it no_room
rm -f $packed

[ "$rounds" = short ] || test_pv start_and_save pv 128 16
test_pv ballooned

if [ "$rounds" != short ]; then
	test_it start_and_save pvh 256 48
	test_it pack_it
	test_it figures_test
	cat /tmp/figures
fi
test_it wait_for 30 free_mem_is "$free_before"
finish
