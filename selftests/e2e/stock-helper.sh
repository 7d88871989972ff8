#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0. The stock helper as our child: it gives up, it does not take our
# library, or a signal comes while we wait for it.

# shellcheck source=selftests/e2e/damage.sh
. /root/damage.sh

# stand_in COMMAND...: a stock helper that notes each start. It is static, so that it
# loads no library and never says hello.
stand_in()
{
	rm -f /tmp/starts
	{
		echo '#!/bin/busybox sh'
		echo "grep SigIgn /proc/self/status >>/tmp/starts"
		printf '%s\n' "$@"
	} >/tmp/stand-in
	chmod +x /tmp/stand-in
}

starts()
{
	wc -l </tmp/starts
}

start_and_save()
{
	guest_start pv guest 96 8 && remember_md5 guest && xl save guest $image
}

# The signal is no reason to start another one.
cancelled_before_hello()
{
	stand_in 'exec sleep 100'
	(XEN_THAW_STOCK_HELPER=/tmp/stand-in restore module $image) &
	wait_for 30 [ -s /tmp/starts ] || why "it was not started" || return
	pid=$(pidof xen-thaw-helper)
	sleep 0.5
	# shellcheck disable=SC2086 # there may be two
	kill -TERM ${pid%% *}
	wait
	[ "$(starts)" = 1 ] || why "started $(starts) times" || return
	guest_gone guest || why "the restore went on" || return
	no_helper
}

# Without our library all of the restore is the stock helper's, with its signals.
handed_over_with_signals()
{
	stand_in "[ \$(wc -l </tmp/starts) -lt 2 ] || exec $(ls -d /usr/lib/xen-*/bin/libxl-save-helper) \"\$@\""
	XEN_THAW_STOCK_HELPER=/tmp/stand-in restore module $image || return
	grep -q 'handed to it whole' $log || return
	[ "$(starts)" = 2 ] || why "started $(starts) times" || return
	[ "$(sort -u /tmp/starts | wc -l)" = 1 ] ||
		why "signals ignored: $(tr '\n' ' ' </tmp/starts)" || return
	goes_on guest && guest_destroy guest
}

# Our library comes first, and the administrator's LD_PRELOAD stays. bash sets no
# variables for a library, so that both are seen here.
preload_stays()
{
	other=$(find /lib/ /usr/lib/ -name libz.so.1 \
		2>/dev/null | head -n 1)
	rm -f /tmp/preload
	cat >/tmp/shows <<-'END'
		#!/bin/bash
		echo "$LD_PRELOAD" >/tmp/preload
	END
	chmod +x /tmp/shows
	! LD_PRELOAD=$other XEN_THAW_STOCK_HELPER=/tmp/shows restore module $image ||
		return
	[ "$(cat /tmp/preload)" = "/usr/local/bin/xen-thaw-pv.so:$other" ] ||
		why "LD_PRELOAD=$(cat /tmp/preload)" || return
	no_domain guest && no_helper
}

# A CPU policy with a leaf that Xen does not know: the stock helper refuses it at once,
# and a line of ours says that this is the cause.
gives_up()
{
	find_records && copy_image || return
	poke $(($(record X86_CPUID_POLICY) + 8)) '\0170\0126\064\022' || return
	! restore module $bad -p || return
	cat $log
	grep -q 'gave up: its own message above is the cause' $log || return
	[ "$(stat result)" = failed ] || why "result $(stat result)" || return
	echo "$(stat copy_ops) copies for $(stat pages) pages"
	no_domain guest && no_helper
}

# Somebody else's link is not followed.
statistics_link()
{
	ln -sf /tmp/linked /tmp/link
	XEN_THAW_ENGINE=module XEN_THAW_STATS=/tmp/link \
		LIBXL_SAVE_HELPER=/usr/local/bin/xen-thaw-helper \
		xl restore $image >$log 2>&1 || return
	grep -q 'XEN_THAW_STATS=/tmp/link: it is a symbolic link' $log && [ ! -e /tmp/linked ]
}

# A guest that does not answer: libxl waits for a minute, and goes on with it.
save_without_end()
{
	xl pause guest || return
	! xl_thaw save guest /tmp/no-end.save || return
	[ "$(stat operation)" = save ] && [ "$(stat result)" = failed ] ||
		why "$(tail -n 1 $stats)" || return
	xl unpause guest && guest_destroy guest && no_helper
}

free_before=$(host_free_mem)
test_it start_and_save
[ $failed = 0 ] || finish || exit
test_it cancelled_before_hello
test_it handed_over_with_signals
test_it preload_stays
test_it gives_up
test_it statistics_link
test_it save_without_end
test_it wait_for 30 free_mem_is "$free_before"
finish
