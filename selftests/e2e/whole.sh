# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# For make demo and make bench, in dom0: the whole xl restore and xl destroy of a guest with
# and without disks and an interface, by stock (Xen's helper and scripts) and by xen-thaw.
# The caller sources common.sh or sets $log, sources devices.sh, and has a function
# die MESSAGE...
#
# Figures are in files: FILE.xl has the start and the end, FILE.started the number of
# processes that were started.

# shellcheck disable=SC2154 # $log
# shellcheck disable=SC2034 # for the callers
kinds='none disks disks-and-vif'

kind_name()
{
	case $1 in
	none) echo none ;;
	disks) echo '4 disks (files)' ;;
	*) echo '4 disks, 1 vif' ;;
	esac
}

# save_kind KIND MIB: leaves an image of a guest with such devices, in the page cache
save_kind()
{
	kind=$1 kind_mib=$2
	set --
	[ "$kind" = none ] || set -- "disk=[$(disks 4)]"
	[ "$kind" != disks-and-vif ] || set -- "$@" "vif=['bridge=xenbr0']"
	guest_start pvh guest "$kind_mib" 1 "$@" >"$log" 2>&1 || die "starting a guest"
	xl save guest "/tmp/$kind.save" >"$log" 2>&1 || die "saving a guest"
	cat "/tmp/$kind.save" >/dev/null
}

# timed_whole FILE COMMAND...
timed_whole()
{
	file=$1
	shift
	processes_started
	started=$processes
	read -r begin _ </proc/uptime
	"$@" >"$log" 2>&1 || return
	read -r end _ </proc/uptime
	processes_started
	echo "$begin $end" >"$file.xl"
	echo $((processes - started)) >"$file.started"
}

# by_whom stock|xen-thaw COMMAND...
by_whom()
{
	if [ "$1" = stock ]; then
		shift
		XEN_THAW_HOTPLUG=stock "$@"
	else
		shift
		LIBXL_SAVE_HELPER=/usr/local/bin/xen-thaw-helper "$@"
	fi
}

# restore_whole KIND WHO FILE: on a slow machine libxl may kill Xen's scripts after its timeout
restore_whole()
{
	for try in 1 2 3; do
		timed_whole "$3" by_whom "$2" xl restore "/tmp/$1.save" && return
		grep -q 'because of timeout' "$log" || break
		[ $try = 3 ] || printf '\n  %-62s' "libxl killed a script of $2 that took too long: again"
		losetup -D
	done
	die "$2: xl restore"
}

# destroy_whole WHO FILE: nothing of the guest may be left
destroy_whole()
{
	timed_whole "$2" by_whom "$1" xl destroy guest || die "$1: xl destroy"
	wait_for 20 guest_gone guest || die "$1: the guest is still there"
	[ -z "$(losetup -a)" ] || die "$1: loop devices are left"
}

# prepare_devices: what the guests' devices need in dom0
prepare_devices()
{
	install_hotplug >"$log" 2>&1 || die "preparing dom0"
	make_bridge >"$log" 2>&1 || die "making a bridge"
}
