#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0. xl as people use it: its options, odd names of files, a migration, guests of
# unusual shapes. Each guest has the frames of a stock restore, and runs on.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

image=/tmp/guest.save
second=/tmp/second.save

# start_and_save KIND SETTING...: of the guest
start_and_save()
{
	kind=$1
	shift
	guest_start "$kind" guest 128 8 "$@" && remember_md5 guest && xl save guest $image
}

# is_guest ENGINE NAME: the restored guest has the reference's frames; it goes
is_guest()
{
	frames_are /tmp/frames.ref "$2" || return
	[ "$(stat engine)" = "$1" ] || why "engine $(stat engine)" || return
	runs_on "$2" && guest_destroy "$2"
}

# saved_like OPTION [KIND]: xl save with it, or without one, makes a file that every helper restores
saved_like()
{
	restore auto $image && guest_wait_tick guest >/dev/null &&
		xl_thaw save ${1:+"$1"} guest $second && after_save "$1" || return
	stock_reference "${2:-pvh}" $second /tmp/frames.second 30000 &&
		restores_as_stock module $second /tmp/frames.second
}

# after_save OPTION: what it promises
after_save()
{
	case $1 in
	-c) goes_on guest && guest_destroy guest ;;
	-p) xl list guest | grep -q -- '--p---' && runs_on guest && guest_destroy guest ;;
	*) no_domain guest ;;
	esac
}

# Nobody watches the guest after that.
without_daemon()
{
	restore auto $image -e && goes_on guest || return
	[ -z "$(pidof xl)" ] || why "xl still runs" || return
	guest_destroy guest
}

in_foreground()
{
	xl_thaw restore -F $image &
	wait_for 60 guest_runs && goes_on guest || return
	[ "$(pidof xl)" ] || why "xl has ended" || return
	guest_destroy guest && wait
}

guest_runs()
{
	xl list guest 2>/dev/null | grep -q 'r-----\|-b----'
}

# A configuration in the place of the file's, with another name
renamed()
{
	sed 's/^name = .*/name = "other"/' /guest/pvh.cfg >/tmp/other.cfg
	echo 'memory = 128' >>/tmp/other.cfg
	restore auto $image -p /tmp/other.cfg && no_domain guest && is_guest module other
}

# /dev/stdin is the file itself.
from_stdin()
{
	[ -e /dev/stdin ] || ln -s /proc/self/fd/0 /dev/stdin || return
	xl_thaw restore -p /dev/stdin <$image && is_guest module guest
}

# from FILE
from()
{
	restore auto "$1" -p && is_guest module guest
}

from_odd_names()
{
	odd="/tmp/a b/guest '%s' \"\$1\".save"
	mkdir -p '/tmp/a b' && cp $image "$odd" && ln -s "$odd" /tmp/link.save || return
	from "$odd" && from /tmp/link.save && rm -r '/tmp/a b' /tmp/link.save
}

from_read_only_mount()
{
	mkdir -p /mnt/ro && mount -t tmpfs none /mnt/ro && cp $image /mnt/ro/guest.save &&
		chmod 400 /mnt/ro/guest.save && mount -o remount,ro none /mnt/ro || return
	from /mnt/ro/guest.save && umount /mnt/ro
}

# An empty ssh command makes xl run the receiver's command here.
migrate()
{
	restore auto $image || return
	old=$(domid guest)
	xl_thaw migrate -s '' guest 'xl migrate-receive' || return
	# ssh may give a socket; this is a pipe.
	[ "$(stat engine)" = module ] || why "engine $(stat engine)" || return
	# The name that its console's file got
	[ "$(domid guest)" != "$old" ] && goes_on guest--incoming && guest_destroy guest
}

# shape KIND SETTING...: a guest of this shape, saved by stock and by ours
shape()
{
	start_and_save "$@" && stock_reference "$1" $image /tmp/frames.ref 30000 || return
	for engine in module mmapbatch; do
		restores_as_stock $engine $image || return
	done
	saved_like '' "$1"
}

free_before=$(host_free_mem)
test_it start_and_save pvh
[ $failed = 0 ] || finish || exit
test_it stock_reference pvh $image /tmp/frames.ref 30000
test_it saved_like -c
test_it saved_like -p
test_it without_daemon
test_it in_foreground
test_it renamed
test_it from_stdin
test_it from_odd_names
test_it from_read_only_mount
test_it migrate
test_it shape pvh maxmem=160
# The emulated processor does not run PVH guests with more than two vCPUs.
test_it shape pv vcpus=4
test_it shape pv vcpus=8
test_it wait_for 30 free_mem_is "$free_before"
finish
