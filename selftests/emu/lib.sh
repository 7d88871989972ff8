# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# Shell functions for scripts in dom0 (. /guest/lib.sh): sample guests, and waiting.

# fail MESSAGE...: print it and exit.
fail()
{
	echo "FAIL: $*" >&2
	exit 1
}

# wait_for SECONDS COMMAND...: wait until COMMAND succeeds; fail after SECONDS.
# It starts few processes: they would take the processor from the guest that is waited for.
wait_for()
{
	read -r wait_now _ </proc/uptime
	wait_end=$((${wait_now%.*} + $1))
	shift
	until "$@"; do
		read -r wait_now _ </proc/uptime
		[ "${wait_now%.*}" -lt "$wait_end" ] || return 1
		sleep 0.5
	done
}

# guest_log NAME: print the file with everything from its console, across restores, too.
guest_log()
{
	echo "/var/log/xen/console/guest-$1.log"
}

# guest_start pvh|hvm|pv NAME MEM_MIB FILL_MIB [SETTING]...: return when the guest ticks.
# A SETTING is a line of an xl.cfg. HVM needs run --hvm, and takes minutes: its firmware reads
# the kernel byte by byte.
guest_start()
{
	start_cfg=/guest/$1.cfg start_name=$2 start_mem=$3 start_fill=$4
	shift 4
	start_args=$(sed -n 's/^extra = "\(.*\)fill=.*"/\1/p' "$start_cfg")
	xl create -q "$start_cfg" "name=\"$start_name\"" "memory=$start_mem" \
		"extra=\"${start_args}fill=$start_fill\"" "$@" >"/tmp/create-$start_name" 2>&1 ||
		fail "guest_start: xl create $start_name failed: $(cat "/tmp/create-$start_name")"
	guest_wait_tick "$start_name" 600 >/dev/null
}

# guest_ticks NAME: print the hashes of its ticks. Only complete ones count: a line may be half
# written.
guest_ticks()
{
	sed -n 's/^tick [0-9]* \([0-9a-f]\{32\}\).*/\1/p' "$(guest_log "$1")" 2>/dev/null
}

guest_tick_count()
{
	set -- "$(grep -cs '^tick [0-9]* [0-9a-f]\{32\}' "$(guest_log "$1")")"
	echo "${1:-0}"
}

guest_ticked_since()
{
	[ "$(guest_tick_count "$1")" -gt "$2" ]
}

# guest_wait_tick NAME [SECONDS]: print the hash in its next tick, which only a running guest
# prints. Fail if there is none in SECONDS (default 60).
guest_wait_tick()
{
	wait_for "${2:-60}" guest_ticked_since "$1" "$(guest_tick_count "$1")" ||
		fail "guest $1 does not tick; $(guest_reset "$1") the end of its console:" \
			"$(tail -n 40 "$(guest_log "$1")")"
	guest_ticks "$1" | tail -n 1
}

# guest_reset NAME: succeed if it met a triple fault, and print what Xen says of that. Xen takes
# one for a wish to be rebooted; on_reboot = "preserve" keeps the guest as it is.
guest_reset()
{
	xl dmesg | grep "d$(xl domid "$1")v.* Triple fault"
}

# guest_destroy NAME: destroy it, and return when it is gone.
guest_destroy()
{
	xl destroy "$1" || fail "guest_destroy: xl destroy $1 failed"
	wait_for 20 guest_gone "$1" || fail "guest_destroy: $1 is still there"
}

guest_gone()
{
	! xl list "$1" >/dev/null 2>&1
}

# host_free_mem: print Xen's free memory in MiB.
host_free_mem()
{
	xl info free_memory
}
