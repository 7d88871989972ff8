# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# For the end-to-end tests, in dom0: restores, their figures, and the count of
# what passed. Each test is a function; run_tests calls them all.

# shellcheck source=selftests/emu/lib.sh
. /guest/lib.sh

stats=/tmp/stats.json
log=/tmp/restore.log
# shellcheck disable=SC2034 # for the tests
tab=$(printf '\t')
passed=0
failed=0

# restore ENGINE FILE [XL-OPTION]...: by xl through our helper; says in $log. One
# that hangs is stopped, with exit status 124 or more.
restore()
{
	by=$1 file=$2
	shift 2
	XEN_THAW_ENGINE=$by XEN_THAW_STATS=$stats \
		LIBXL_SAVE_HELPER=/usr/local/bin/xen-thaw-helper \
		timeout 200 xl restore "$@" "$file" >$log 2>&1
}

# stat FIELD: of the last restore
stat()
{
	tail -n 1 $stats | sed -n "s/.*\"$1\": \"\\?\\([^,\"}]*\\)\"\\?[,} ].*/\\1/p"
}

domid()
{
	xl domid "$1" 2>/dev/null
}

why()
{
	echo "# $*"
	return 1
}

# without LIST: drops the frames that it lists
without()
{
	if [ -s "$1" ]; then
		awk 'NR == FNR { skip[$1]; next } !($1 in skip)' "$1" -
	else
		cat
	fi
}

# frames_are FILE NAME: all memory of a paused domain is as FILE says
frames_are()
{
	frames "$(domid "$2")" >/tmp/frames.all || return
	without "$1.skip" </tmp/frames.all >/tmp/frames.now
	cmp "$1" /tmp/frames.now ||
		why "$(diff "$1" /tmp/frames.now | grep -c '^+[0-9a-f]') lines differ of $(wc -l <"$1")"
}

# pv_reference IMAGE FILE: what stock makes of a PV guest; leaves one of it, paused.
# Page tables that nothing pins hold machine frames, and no type says so any more:
# a frame that differs between two stock restores is no frame to compare.
pv_reference()
{
	restore stock "$1" -p && frames "$(domid guest)" >"$2.first" || return
	# While it is there, the next one gets other machine frames.
	xl rename guest first && restore stock "$1" -p &&
		frames "$(domid guest)" >"$2.second" && guest_destroy first || return
	awk 'NR == FNR { first[$0]; next } !($0 in first) { print $1 }' \
		"$2.first" "$2.second" >"$2.skip"
	[ "$(wc -l <"$2.skip")" -le 8 ] ||
		why "$(wc -l <"$2.skip") frames differ between two stock restores" || return
	without "$2.skip" <"$2.second" >"$2"
}

# remember_md5 NAME: of the memory of a guest that runs
remember_md5()
{
	guest_wait_tick "$1" >/tmp/md5 && [ -s /tmp/md5 ]
}

# goes_on NAME: a guest that runs; its memory is what it was
goes_on()
{
	now=$(guest_wait_tick "$1") || return
	[ "$now" = "$(cat /tmp/md5)" ] ||
		why "memory of $1: $now, was $(cat /tmp/md5)"
}

# runs_on NAME: a paused guest
runs_on()
{
	xl unpause "$1" && goes_on "$1"
}

# restores_as_stock ENGINE IMAGE [FRAMES]: by that engine, and the guest runs on; no guest is
# left. FRAMES, or /tmp/frames.ref, is what stock makes of it.
restores_as_stock()
{
	restore "$1" "$2" -p && frames_are "${3:-/tmp/frames.ref}" guest || return
	[ "$(stat engine)" = "$1" ] || why "engine $(stat engine)" || return
	runs_on guest && guest_destroy guest
}

# stock_reference KIND IMAGE FRAMES NUMBER: what stock makes of a guest, more frames
# than that, is in FRAMES; no guest is left. Page tables of PV guests differ from one
# restore to the next, and pages of HVM guests that their device model writes.
stock_reference()
{
	case $1 in
	pvh) restore stock "$2" -p && frames "$(domid guest)" >"$3" ;;
	*) pv_reference "$2" "$3" ;;
	esac || return
	[ "$(wc -l <"$3")" -gt "$4" ] || why "$(wc -l <"$3") frames" || return
	runs_on guest && guest_destroy guest
}

domains()
{
	xl list | awk 'NR > 1 && $2 > 0 { print $2 }'
}

no_domains()
{
	[ -z "$(domains)" ]
}

no_domain()
{
	! xl domid "$1" >/dev/null 2>&1 || why "domain $1 is still there"
}

no_helper()
{
	! pidof xen-thaw-helper libxl-save-helper >/dev/null ||
		why "left over: $(pidof xen-thaw-helper libxl-save-helper)"
}

free_mem_is()
{
	[ "$(host_free_mem)" -ge "$1" ]
}

# test_it FUNCTION [ARGUMENT]...: counts it, and looks for trouble in dmesg
test_it()
{
	echo "test: $*" >/dev/kmsg
	: >$log
	# A shell of its own: the functions of lib.sh exit when they fail.
	if ("$@") >/tmp/test.out 2>&1 && dmesg_clean >>/tmp/test.out; then
		echo "ok $*"
		passed=$((passed + 1))
	else
		echo "FAIL $*"
		sed 's/^/    /' /tmp/test.out
		[ ! -s $log ] || tail -n 8 $log | sed 's/^/    xl: /'
		failed=$((failed + 1))
		# The next test is not to stumble over this one's guest.
		guest_gone guest || (guest_destroy guest) 2>/dev/null
	fi
}

# Since the test began.
dmesg_clean()
{
	! dmesg | awk '/ test: / { s = "" } { s = s "\n" $0 } END { print s }' |
		grep -E 'WARNING|BUG|Oops|Call Trace|general protection'
}

# finish: the result of a test script
finish()
{
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
}
