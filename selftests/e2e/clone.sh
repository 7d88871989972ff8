#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0, with a disk: clone.sh [short | KILLS [TAKES]]. Clones of a guest with a disk and an
# interface: each is the guest that stock restores, but for what is its own; and nothing is left
# of what ends, fails or is killed. KILLS (default 3): jobs that are killed at random moments.
# TAKES (default 20): clones that are taken from a pool.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh
# shellcheck source=selftests/e2e/devices.sh
. /root/devices.sh

kills=${1:-3}
takes=${2:-20}
[ "$kills" != short ] || kills=1 takes=3
disk=/mnt/disk
base=$disk/base.img
image=/tmp/guest.save
jobs=/var/lib/xen-thaw/clones

set_up()
{
	install_hotplug && make_bridge && modprobe dm-snapshot && modprobe xfs &&
		mkfs.xfs -q -f /dev/scratch && mkdir -p $disk && mount /dev/scratch $disk &&
		dd if=/dev/zero of=$base bs=1M count=8 2>/dev/null || return
	guest_start pvh guest 96 1 "disk=['$base,raw,xvda,w']" "vif=['bridge=xenbr0']" \
		"on_reboot=\"restart\"" "$(devices_extra 1)" && remember_md5 guest &&
		xl save guest $image >$log 2>&1 || return
	wait_for 20 nothing_left && sha256sum $base >/tmp/base.sum
}

base_is_the_same()
{
	sha256sum -c /tmp/base.sum >/dev/null 2>&1 || why "the base of the disks was written to"
}

# What a job may leave, one a line.
remains()
{
	domains | sed 's/^/domain /'
	find $disk /tmp /var/lib/xen-thaw/overlays -name '*.clone-*' -o -path '*/overlays/*' 2>/dev/null |
		sed 's/^/overlay /'
	losetup -l -n -O NAME,BACK-FILE | sed 's/^/loop /'
	dmsetup ls 2>/dev/null | grep -v '^No devices' | sed 's/^/dm /'
	find $jobs -name 'job.*' 2>/dev/null | sed 's/^/job /'
	ip -o link show | grep -o 'vif[0-9.]*' | sort -u | sed 's/^/interface /'
}

nothing_left()
{
	[ -z "$(remains)" ]
}

all_gone()
{
	wait_for 30 nothing_left || why "left: $(remains | tr '\n' ';')" || return
	base_is_the_same
}

# clone [OPTION]...: clones of the image, with a line of JSON for each in /tmp/clones
clone()
{
	timeout $xl_limit xen-thaw clone --json "$@" $image >/tmp/clones 2>$log
}

# of NAME FIELD [FILE]: from the line of JSON of this clone
of()
{
	sed -n "/\"name\":\"$1\"/s/.*\"$2\":\[\{0,1\}\"\{0,1\}\([^],\"]*\).*/\1/p" \
		"${3:-/tmp/clones}"
}

destroy_clones()
{
	xen-thaw clone --destroy "$1" >>$log 2>&1 || why "cannot destroy $1"
}

# Paused clones have the frames of a paused restore by stock.
same_frames()
{
	restore stock $image -p && frames "$(domid guest)" >/tmp/frames.ref && guest_destroy guest &&
		wait_for 20 nothing_left || return
	clone --count 2 --name 'same-%d' --paused || return
	for name in same-1 same-2; do
		frames_are /tmp/frames.ref $name || return
	done
	! grep 'scanned again' $log || return
	destroy_clones 'same-*' && all_gone
}

# is_itself NAME: it prints the UUID and the address that were reported, and uses its own disk
is_itself()
{
	[ "$(xl domid "$1")" = "$(of "$1" domid)" ] || why "$1: domain $(xl domid "$1")" || return
	wait_for 120 prints_itself "$1" ||
		why "$1: not $(of "$1" uuid) $(of "$1" macs): $(grep identity "$(guest_log "$1")" | tail -n 1)" ||
		return
	overlay=$base.clone-$(of "$1" uuid)-0
	{ [ -e "$overlay" ] && ! cmp -s $base "$overlay"; } || why "$1 does not write to $overlay"
}

prints_itself()
{
	grep -q "identity $(of "$1" uuid) $(of "$1" macs)" "$(guest_log "$1")"
}

each_is_itself()
{
	clone --count 2 --name 'disp-%d' || return
	[ "$(wc -l </tmp/clones)" = 2 ] || why "$(wc -l </tmp/clones) lines" || return
	for name in disp-1 disp-2; do
		goes_on $name && is_itself $name || return
	done
	[ "$(of 'disp-.' macs | sort -u | wc -l)" = 2 ] && base_is_the_same
}

# They still run: so these names are taken.
names_are_free()
{
	cp /tmp/clones /tmp/first && clone --name 'disp-%d' --paused || return
	[ "$(of 'disp-.*' name)" = disp-3 ] || why "the name $(of 'disp-.*' name)" || return
	! of 'disp-.*' macs | grep -q -F -f - /tmp/first || why "an address is used twice" || return
	! clone --name disp-2 && grep -q 'there is a domain or a clone named disp-2' $log &&
		destroy_clones disp-3
}

# As with the daemon of xl.
lives_on()
{
	old=$(domid disp-1)
	xl reboot -F disp-1 >>$log 2>&1 && wait_for 120 has_other_domid disp-1 "$old" &&
		guest_wait_tick disp-1 600 >/dev/null || why "no reboot: $(cat /var/log/xen/xen-thaw-clone-*.log)" || return
	[ "$(xen-thaw clones | grep -c ' running ')" = 2 ] || why "$(xen-thaw clones)" || return
	overlay=$base.clone-$(of disp-1 uuid /tmp/first)-0
	[ -e "$overlay" ] && xl destroy disp-1 && wait_for 30 [ ! -e "$overlay" ] ||
		why "its overlay stays: $(ls $disk)" || return
	destroy_clones 'disp-*' && all_gone
}

has_other_domid()
{
	now=$(domid "$1") && [ -n "$now" ] && [ "$now" != "$2" ]
}

# in_background OPTION...: begins clones; returns when the first is being made
in_background()
{
	xen-thaw clone --json "$@" $image >/tmp/clones 2>$log &
	front=$!
	wait_for 60 is_made_now || why "nothing is made: $(cat $log)"
}

is_made_now()
{
	[ -n "$(domains)" ]
}

survives_killed_parent()
{
	in_background --count 2 --name 'orphan-%d' --parallel 1 --paused && kill -9 $front || return
	wait $front
	wait_for 120 sees_paused 2 || why "$(xen-thaw clones)" || return
	[ "$(xen-thaw clones | awk '/^orphan/ && $5 ~ /^[0-9]/ { n++ } END { print n }')" = 2 ] ||
		why "nobody watches: $(xen-thaw clones)" || return
	destroy_clones 'orphan-*' && all_gone
}

sees_paused()
{
	[ "$(xen-thaw clones | grep -c ' paused ')" = "$1" ]
}

interrupted()
{
	in_background --count 3 --name 'int-%d' --parallel 1 --paused && wait_for 120 [ -s /tmp/clones ] &&
		kill -INT $front || return
	! wait $front || why "no failure" || return
	[ "$(grep -c '"result":"ok"' /tmp/clones)" -lt 3 ] && grep -q '"result":"failed"' /tmp/clones ||
		why "$(cat /tmp/clones)" || return
	[ "$(domains | wc -l)" = "$(grep -c '"result":"ok"' /tmp/clones)" ] || why "$(xl list)" || return
	destroy_clones 'int-*' && all_gone
}

one_fails()
{
	in_background --count 3 --name 'one-%d' --paused || return
	xl destroy one-1 >>$log 2>&1 || xl destroy "$(domains | head -n 1)" >>$log 2>&1
	! wait $front || why "no failure: $(cat /tmp/clones)" || return
	[ "$(grep -c '"result":"ok"' /tmp/clones)" = 2 ] && [ "$(domains | wc -l)" = 2 ] ||
		why "$(cat /tmp/clones)" || return
	destroy_clones 'one-*' && all_gone
}

job_pid()
{
	cat $jobs/job.*/lock 2>/dev/null
}

sectors_read()
{
	awk '{ print $3 }' "/sys/block/$(basename "$(readlink -f /dev/scratch)")/stat"
}

# A cold image comes from the disk once, for all clones, and leaves the page cache again.
reads_once()
{
	cp $image $disk/cold.save && sync && echo 3 >/proc/sys/vm/drop_caches || return
	mib=$(du -m $disk/cold.save | cut -f1)
	before=$(sectors_read)
	xen-thaw clone --count 2 --name 'cold-%d' --paused --cache drop $disk/cold.save >/tmp/clones 2>$log ||
		return
	read=$((($(sectors_read) - before) / 2048))
	[ $read -le $((mib * 5 / 4)) ] || why "$read MiB were read of $mib" || return
	[ "$(resident $disk/cold.save)" -le 1024 ] ||
		why "$(resident $disk/cold.save) KiB stay in the page cache" || return
	destroy_clones 'cold-*' && rm $disk/cold.save && all_gone
}

# Whatever was begun is gone after --clean; whole clones run on until they are destroyed.
killed_job()
{
	in_background --count 2 --name 'killed-%d' --paused || return
	usleep $(($(od -An -N2 -tu2 /dev/urandom) * 60))
	kill -9 "$(job_pid)" || why "no job: $(cat $log /tmp/clones)" || return
	wait $front
	wait_for 30 no_helper_or_script || return
	xen-thaw clones --clean >>$log 2>&1 || why "$(cat $log)" || return
	[ "$(domains | wc -l)" = "$(xen-thaw clones | grep -c ' paused ')" ] ||
		why "half-made: $(xl list; xen-thaw clones)" || return
	[ -z "$(domains)" ] || destroy_clones 'killed-*' || return
	all_gone
}

no_helper_or_script()
{
	! pidof xen-thaw-helper libxl-save-helper xen-thaw-hotplug >/dev/null
}

is_ahead()
{
	[ "$(xen-thaw clones | grep -c ' ahead ')" = "$1" ]
}

# TAKES clones are taken from a pool of one, and each time another one is made.
pool()
{
	timeout $xl_limit xen-thaw clone --json --ahead 1 --spare 64 --name 'pool-%d' $image \
		>/tmp/clones 2>$log || return
	is_ahead 1 || why "$(xen-thaw clones)" || return
	taken=0
	while [ $taken -lt "$takes" ]; do
		taken=$((taken + 1))
		xen-thaw take --name taken-$taken $image >/tmp/taken 2>>$log || why "$(cat $log)" || return
		[ "$(cat /tmp/taken)" = "taken-$taken: domain $(domid taken-$taken)" ] ||
			why "$(cat /tmp/taken), but $(domid taken-$taken)" || return
		[ $taken = 1 ] || destroy_clones taken-$taken || return
	done
	# xenconsoled names the log when the console appears.
	goes_on pool-1 || return
	! xen-thaw take --name taken-1 $image >/tmp/taken 2>$log && grep -q 'is the name taken' $log ||
		why "a name is used twice: $(cat /tmp/taken)" || return
	grows_and_shrinks || return
	xen-thaw take --stop $image && wait_for 60 is_ahead 0 && goes_on pool-1 &&
		! xen-thaw take $image 2>$log && grep -q 'no pool' $log || return
	destroy_clones 'taken-*' && all_gone
}

# A user takes memory of Xen: the pool gives way.
grows_and_shrinks()
{
	wait_for 120 is_ahead 1 || why "not made anew: $(xen-thaw clones)" || return
	xen-thaw take --stop $image && wait_for 60 is_ahead 0 || return
	spare=$(($(host_free_mem) - 150))
	xen-thaw clone --ahead 1 --spare $spare --name 'pool-%d' $image >/dev/null 2>>$log &&
		is_ahead 1 || return
	xen-thaw clone --name 'user-1' --paused $image >/dev/null 2>>$log || return
	wait_for 30 is_ahead 0 || why "$(host_free_mem) MiB are left of $spare" || return
	! xen-thaw take $image 2>$log && grep -q 'too little memory' $log || why "$(cat $log)" || return
	destroy_clones user-1 && wait_for 120 is_ahead 1 || why "no new one" || return
}

# A tmpfs cannot share blocks.
snapshot()
{
	cp $base /tmp/base.img && sed "s|^name.*|name = \"guest\"|; s/^memory.*/memory = 96/" \
		/guest/pvh.cfg >/tmp/snapshot.cfg && cat >>/tmp/snapshot.cfg <<-END || return
		disk = ['/tmp/base.img,raw,xvda,w']
		vif = ['bridge=xenbr0']
	END
	clone --name snap-1 --config /tmp/snapshot.cfg || return
	dmsetup ls | grep -q "^xen-thaw-$(of snap-1 uuid)-0" || why "$(dmsetup ls)" || return
	goes_on snap-1 && cmp $base /tmp/base.img || return
	minor=$(dmsetup info -c --noheadings -o minor "xen-thaw-$(of snap-1 uuid)-0")
	[ "$(od -An -N4 -tx4 "/dev/dm-$minor")" != ' 00000000' ] ||
		why "it does not write to its disk" || return
	destroy_clones snap-1 && all_gone
}

refused()
{
	rm -f /tmp/base.img
	! clone --name snap-1 --config /tmp/snapshot.cfg && grep -q '/tmp/base.img: No such file' $log ||
		why "a missing disk: $(cat $log)" || return
	echo >/tmp/base.img
	sed -i 's/,raw,xvda/,qcow2,xvda/' /tmp/snapshot.cfg
	! clone --name snap-1 --config /tmp/snapshot.cfg && grep -q 'cannot share blocks' $log ||
		why "qcow2: $(cat $log)" || return
	rm /tmp/base.img
	all_gone
}

# try FUNCTION [ARGUMENT]...: the next test must not find what is left of a failed one
try()
{
	test_it "$@"
	nothing_left || {
		xen-thaw clones --clean
		xen-thaw clone --destroy '*'
	} >/dev/null 2>&1
}

test_it set_up
[ $failed = 0 ] || finish || exit
try same_frames
test_it each_is_itself
test_it names_are_free
try lives_on
try survives_killed_parent
try interrupted
try pool
try snapshot
if [ "${1:-}" != short ]; then
	try one_fails
	try reads_once
	try refused
fi
round=0
while [ $round -lt "$kills" ]; do
	try killed_job $((round += 1))
done
finish
