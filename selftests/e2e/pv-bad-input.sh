#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0. The tests of bad-input.sh with a PV guest, and damage of what only the
# stream of a PV guest has. If stock restores such a file, we do too, to the same
# frames. If stock fails, we fail.

# shellcheck source=selftests/e2e/damage.sh
. /root/damage.sh

start_and_save()
{
	guest_start pv guest 96 8 && remember_md5 guest && xl save guest $image
}

# run TYPE FIELD: prints a field of the first run of pages of TYPE; see list-records.c
run()
{
	awk -v "type=$1" -v "field=$2" \
		'$2 == "pages" && $3 == type { print $field; exit }' /tmp/records
}

# One of our lines, or of stock's, says that it failed.
complains()
{
	grep -qE '^xen-thaw-helper: |xc: error: ' $log || why "no line of error"
}

as_stock()
{
	if ! restore stock $bad -p; then
		fails_cleanly && complains
		return
	fi
	guest_destroy guest && pv_reference $bad /tmp/frames.ref &&
		guest_destroy guest || return
	restore "$engine" $bad -p || why "stock restores it" || return
	[ "$(stat engine)" = "$engine" ] || why "engine $(stat engine)" || return
	frames_are /tmp/frames.ref guest && guest_destroy guest
}

# fails_as_stock: stock must fail, too; otherwise the case has changed unnoticed
fails_as_stock()
{
	! restore stock $bad -p || why "stock restores it" || return
	fails_cleanly && complains
}

# poked CHECK OFFSET BYTES
poked()
{
	copy_image && poke "$2" "$3" && "$1"
}

# handed_over OFFSET BYTES CAUSE: stock gets the damaged file, and refuses it
handed_over()
{
	copy_image && poke "$1" "$2" && fails_cleanly || return
	grep -q "^xen-thaw-helper: $bad: offset [0-9]*: .*$3: handed to the stock helper" $log ||
		why "not handed over because of $3" || return
	[ "$(stat engine)" = stock ] || why "engine $(stat engine)"
}

# le VALUE BYTES: prints VALUE, little-endian
le()
{
	le_value=$1
	for _ in $(seq "$2"); do
		# shellcheck disable=SC2059 # an octal escape
		printf "\\$(printf %03o $((le_value & 255)))"
		le_value=$((le_value >> 8))
	done
}

# octal VALUE BYTES: the same, as escapes for poke
octal()
{
	le "$1" "$2" | od -An -to1 -v | sed 's/ \+/\\0/g'
}

# entries TYPE FIRST-PFN NUMBER: prints entries of PAGE_DATA. A loop with le would take
# minutes.
entries()
{
	printf "%b" "$(awk -v "type=$1" -v "pfn=$2" -v "nr=$3" 'BEGIN {
		for (; nr--; pfn++) {
			for (rest = pfn; i++ % 8 < 7; rest = int(rest / 256))
				printf "\\0%03o", rest % 256
			printf "\\0%03o", type * 16
		}
	}')"
}

# pages TYPE FIRST-PFN NUMBER [DATA]: prints a PAGE_DATA record with pages from file DATA
pages()
{
	bytes=$(($3 * 4096))
	[ -n "$4" ] || bytes=0
	le 1 4
	le $((8 + $3 * 8 + bytes)) 4
	le "$3" 8
	entries "$1" "$2" "$3"
	[ $bytes = 0 ] || head -c $bytes "$4"
}

# p2m FIRST-PFN PFN: prints an X86_PV_P2M_FRAMES record of one frame
p2m()
{
	le 3 4
	le 16 4
	le "$1" 4
	le $(($1 + 511)) 4
	le "$2" 8
}

# inserted CHECK OFFSET COMMAND...: inserts the output of COMMAND into a copy
inserted()
{
	check=$1 at=$2
	shift 2
	{
		head -c "$at" $image
		"$@"
		tail -c +$((at + 1)) $image
	} >$bad && "$check"
}

# More memory than the domain may have.
too_much_memory()
{
	inserted true "$first" more_memory && fails_cleanly && complains
}

more_memory()
{
	p2m $((nr_pfns)) "$(run 0 4)"
	pages 14 $((nr_pfns)) 512
}

# The library in this stock helper reports at the start, but not when it populates.
silent_library()
{
	cat >/tmp/silent <<-END
		#!/bin/sh
		exec $(ls -d /usr/lib/xen-*/bin/libxl-save-helper) "\$@"
	END
	chmod +x /tmp/silent
	copy_image && XEN_THAW_STOCK_HELPER=/tmp/silent fails_cleanly || return
	grep -q 'does not report where it put pfn' $log
}

works_again()
{
	restore "$engine" $image -p && runs_on guest && guest_destroy guest
}

test_it start_and_save
[ $failed = 0 ] || finish || exit
find_records || exit
after=$(record X86_TSC_INFO)
info=$(($(record X86_PV_INFO) + 8))
list=$(($(record X86_PV_P2M_FRAMES) + 8))
nr_frames=$((($(sed -n 's/.* X86_PV_P2M_FRAMES 0x3 //p' /tmp/records) - 8) / 8))
nr_pfns=$((nr_frames * 512))
grep -v ' pages 0 ' /tmp/records >"$RESULTS/records"
plain=$(run 0 4) table=$(run 0x1 4)

test_it file_is_untouched

test_it handed_over "$info" '\04\03' 'not a 64-bit PV guest'
test_it handed_over "$info" '\05' 'not a 64-bit PV guest'
test_it handed_over "$list" '\0\0\0\01' 'ends before it starts'
test_it handed_over $((list + 4)) '\0377\0377\0377\0377' 'of a wrong size'
# A guest with 511 pages less has a list of frames of the same length.
test_it damaged $((list + 4)) "$(octal $((nr_pfns - 512)) 4)" '[0-9]*' \
	'is beyond the guest'
test_it poked fails_as_stock $((list + 8)) "$(octal "$table" 8)"
test_it poked fails_as_stock $((list + 12)) '\0377\0377'
test_it inserted as_stock "$first" p2m 0 "$plain"

# Types that do not fit the contents: a plain page as a page table, a page table as
# something else.
for change in '0 \0300' '0x1 \0' '0x1 \040' '0x2 \020'; do
	at=$(run "${change% *}" 1)
	[ -n "$at" ] || continue
	test_it poked as_stock $((at + 7)) "${change#* }"
done

# A page comes twice, with different types.
test_it inserted as_stock "$first" pages 1 "$plain" 1 /dev/zero
test_it inserted as_stock "$first" pages 0 "$table" 1 /dev/urandom
test_it inserted as_stock "$after" pages 1 "$plain" 1 /dev/zero
test_it inserted as_stock "$after" pages 0 "$table" 1 /dev/zero
test_it inserted as_stock "$after" pages 2 "$table" 1 /dev/zero
test_it inserted as_stock "$after" pages 15 "$plain" 1
test_it inserted as_stock "$after" pages 14 "$table" 1
test_it inserted as_stock "$after" pages 0 "$plain" 3 /dev/urandom

test_it too_much_memory
test_page_data 'is beyond the guest'
test_stops 0 0.1 0.5
test_it silent_library
test_it works_again
test_it wait_for 30 free_mem_is "$free_before"
finish
