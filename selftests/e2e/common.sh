# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# For the end-to-end tests, in dom0: restores, their figures, and the count of passed
# tests. Each test is a function; test_it calls it.

# shellcheck source=selftests/emu/lib.sh
. /guest/lib.sh

stats=/tmp/stats.json
log=/tmp/restore.log
# shellcheck disable=SC2034 # for the tests
tab=$(printf '\t')
passed=0
failed=0

# xl_thaw COMMAND...: xl with our helper; the output goes to $log. If it hangs, it is stopped after
# $xl_limit seconds, with exit status 124 or more.
xl_limit=200
xl_thaw()
{
	XEN_THAW_STATS=$stats LIBXL_SAVE_HELPER=/usr/local/bin/xen-thaw-helper \
		timeout $xl_limit xl "$@" >$log 2>&1
}

# restore ENGINE FILE [XL-OPTION]...: restores by this engine
restore()
{
	by=$1 file=$2
	shift 2
	XEN_THAW_ENGINE=$by xl_thaw restore "$@" "$file"
}

# stat FIELD: prints this figure of the last restore
stat()
{
	tail -n 1 $stats | sed -n "s/.*\"$1\": \"\\?\\([^,\"}]*\\)\"\\?[,} ].*/\\1/p"
}

# Prints this dom0, its Xen and its Linux.
this_dom0()
{
	echo "Xen $(xl info xen_major).$(xl info xen_minor), $(cat /sys/hypervisor/guest_type)" \
		"dom0 with Linux $(uname -r | cut -d. -f1,2)"
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

# without LIST: filters out the frames that LIST names
without()
{
	if [ -s "$1" ]; then
		awk 'NR == FNR { skip[$1]; next } !($1 in skip)' "$1" -
	else
		cat
	fi
}

# frames_are FILE NAME: all frames of a paused domain have the hashes in FILE
frames_are()
{
	frames "$(domid "$2")" >/tmp/frames.all || return
	without "$1.skip" </tmp/frames.all >/tmp/frames.now
	cmp "$1" /tmp/frames.now ||
		why "$(diff "$1" /tmp/frames.now | grep -c '^+[0-9a-f]') lines differ of $(wc -l <"$1")"
}

# pv_reference IMAGE FILE: writes the frames of a stock restore of a PV guest to FILE,
# and leaves that guest, paused. Page tables that are not pinned hold machine frames,
# but no type marks them any more. So frames that differ between two stock restores are
# not compared.
pv_reference()
{
	restore stock "$1" -p && frames "$(domid guest)" >"$2.first" || return
	# While it is there, the next guest gets other machine frames.
	xl rename guest first && restore stock "$1" -p &&
		frames "$(domid guest)" >"$2.second" && guest_destroy first || return
	awk 'NR == FNR { first[$0]; next } !($0 in first) { print $1 }' \
		"$2.first" "$2.second" >"$2.skip"
	[ "$(wc -l <"$2.skip")" -le 8 ] ||
		why "$(wc -l <"$2.skip") frames differ between two stock restores" || return
	without "$2.skip" <"$2.second" >"$2"
}

# remember_md5 NAME: remembers the md5 of a running guest's memory
remember_md5()
{
	guest_wait_tick "$1" >/tmp/md5 && [ -s /tmp/md5 ]
}

# goes_on NAME: the guest runs, and its memory has the remembered md5
goes_on()
{
	now=$(guest_wait_tick "$1") || return
	[ "$now" = "$(cat /tmp/md5)" ] ||
		why "memory of $1: $now, then $(guest_wait_tick "$1"), was $(cat /tmp/md5)"
}

# runs_on NAME: unpauses the guest; then as goes_on
runs_on()
{
	xl unpause "$1" && goes_on "$1"
}

# restores_as_stock ENGINE IMAGE [FRAMES]: the engine restores the same frames as stock,
# and the guest runs on. FRAMES (default: /tmp/frames.ref) are those of stock. No guest
# is left.
restores_as_stock()
{
	restore "$1" "$2" -p && frames_are "${3:-/tmp/frames.ref}" guest || return
	[ "$(stat engine)" = "$1" ] || why "engine $(stat engine)" || return
	runs_on guest && guest_destroy guest
}

# stock_reference KIND IMAGE FRAMES NUMBER: writes the frames of a stock restore, which are
# more than NUMBER, to FRAMES. No guest is left. Page tables of PV guests, and pages of HVM
# guests that their device model writes, differ from one restore to the next.
stock_reference()
{
	case $1 in
	pvh) restore stock "$2" -p && frames "$(domid guest)" >"$3" ;;
	*) pv_reference "$2" "$3" ;;
	esac || return
	[ "$(wc -l <"$3")" -gt "$4" ] || why "$(wc -l <"$3") frames" || return
	runs_on guest && guest_destroy guest
}

# verify_says FIELD: a number in /tmp/verify, the output of xen-thaw verify --json
verify_says()
{
	sed -n "s/.*\"$1\": \\([0-9]*\\).*/\\1/p" /tmp/verify
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

# test_it FUNCTION [ARGUMENT]...: runs and counts a test, and searches dmesg for trouble
test_it()
{
	echo "test: $*" >/dev/kmsg
	: >$log
	# In a subshell, because the functions of lib.sh exit when they fail.
	if ("$@") >/tmp/test.out 2>&1 && dmesg_clean >>/tmp/test.out; then
		echo "ok $*"
		passed=$((passed + 1))
	else
		echo "FAIL $*"
		sed 's/^/    /' /tmp/test.out
		[ ! -s $log ] || tail -n 8 $log | sed 's/^/    xl: /'
		failed=$((failed + 1))
		# The next test must not find this one's guest.
		guest_gone guest || (guest_destroy guest) 2>/dev/null
	fi
}

# No trouble in dmesg since the test began.
dmesg_clean()
{
	! dmesg | awk '/ test: / { s = "" } { s = s "\n" $0 } END { print s }' |
		grep -E 'WARNING|BUG|Oops|Call Trace|general protection'
}

# finish: prints the counts, and exits with the result of the script
finish()
{
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
}
