#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0, with two processors: pairs.sh ROUNDS [VARIANT]... Each round restores two guests
# out of one image at the same time; the engines take turns, stock is one of them. Pairs that run
# go on; of pairs that are paused every frame is as in a stock restore of one guest. Pairs that
# xl create makes (engine: create) tell how often guests die that nobody restored.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

rounds=${1:-8}
engines='module gntdev mmapbatch stock create'
# The guest, whether it runs, and how two restores meet: xl has a lock, so that the second begins
# when the first guest is whole, and runs: queued. Other users of libxl have none: at-once.
variants='pvh:running:at-once pv:paused:at-once pvh:running:queued
	pv:running:at-once pvh:paused:at-once pv:running:queued'
if [ $# -gt 1 ]; then
	shift
	variants=$*
fi
memory=96
alone=/tmp/alone
account=/tmp/account
# Each is a second or more.
ticks=4

# An xl whose lock nobody else sees.
make_unlocked_xl()
{
	mkdir -p $alone && cat >$alone/xl <<-'END' && chmod +x $alone/xl
		#!/bin/sh
		exec unshare -m sh -c 'mount -t tmpfs none /run/lock && exec /usr/sbin/xl "$@"' xl "$@"
	END
}

image_of()
{
	echo "/tmp/$1.save"
}

# prepare KIND: an image, its md5, and what stock makes of it
prepare()
{
	guest_start "$1" guest $memory 1 && remember_md5 guest || return
	xl save guest "$(image_of "$1")" >$log 2>&1 || return
	cp /tmp/md5 "/tmp/$1.md5"
	stock_reference "$1" "$(image_of "$1")" "/tmp/$1.frames" 20000
}

# count WHAT [NUMBER]: for the engine of the round
count()
{
	echo "$engine $1 ${2:-1}" >>$account
}

# restore_one NAME: leaves its exit status in a file
restore_one()
{
	sed "s/^name.*/name = \"$1\"/; s/^memory.*/memory = $memory/; s/fill=.*\"/fill=1\"/" \
		"/guest/$kind.cfg" >"/tmp/$1.cfg"
	log=/tmp/$1.log stats=/tmp/$1.stats
	[ "$order" = queued ] || PATH=$alone:$PATH
	set -- "$1" "$(image_of "$kind")" "/tmp/$1.cfg"
	case $engine:$state in
	create:*) xl create -q "$3" >"$log" 2>&1 ;;
	*:paused) restore "$engine" "$2" -p "$3" ;;
	*) restore "$engine" "$2" "$3" ;;
	esac
	echo $? >"/tmp/$1.status"
}

both_ended()
{
	[ -s "/tmp/$a.status" ] && [ -s "/tmp/$b.status" ]
}

# Every engine has this helper at work, also behind ours.
two_helpers()
{
	[ "$(pidof libxl-save-helper | wc -w)" -ge 2 ]
}

made_by_engine()
{
	[ "$engine" = create ] || [ "$(stat engine)" = "$engine" ]
}

restore_both()
{
	restore_one "$a" &
	restore_one "$b" &
	until both_ended; do
		! two_helpers || overlapped=1
		sleep 0.1
	done
	wait
	# For who looks at dom0's console while it goes on, or does not.
	echo "restored: $a $b" >/dev/kmsg
	count pairs
	[ -z "$overlapped" ] || count overlapped
	for name in $a $b; do
		stats=/tmp/$name.stats
		[ "$(cat "/tmp/$name.status")" = 0 ] && made_by_engine ||
			why "$name: status $(cat "/tmp/$name.status"): $(cat "/tmp/$name.log" "$stats")" ||
			return
		count guests
	done
}

# differing NAME: the frames of a paused guest that are not as stock has them
differing()
{
	frames "$(domid "$1")" >/tmp/frames.all || return
	without "/tmp/$kind.frames.skip" </tmp/frames.all >"/tmp/$1.frames"
	# Whole lines: a hash must not be taken for a number.
	awk 'NR == FNR { ref[$0]; next }
		$0 in ref { delete ref[$0]; next }
		{ print $1 }
		END { for (line in ref) print substr(line, 1, index(line, " ") - 1) }' \
		"/tmp/$kind.frames" "/tmp/$1.frames" | sort -u
}

# Both, whether the first differs or not.
compare_both()
{
	wrong=0
	for name in $a $b; do
		n=$(differing "$name" | wc -l)
		[ -s "/tmp/$name.frames" ] || why "no frames of $name" || return
		count compared
		[ "$n" = 0 ] && continue
		count differ "$n"
		wrong=1
		cp "/tmp/$name.frames" "/tmp/$kind.frames" "$RESULTS/"
		why "$name: $n frames differ of $(wc -l <"/tmp/$kind.frames")"
	done
	return $wrong
}

# died NAME: says how
died()
{
	if guest_reset "$1" >/dev/null; then
		echo resets
	elif grep -qE 'Kernel panic|Oops|kernel BUG|BUG: unable|general protection' "$(guest_log "$1")" ||
		xl list "$1" | awk 'NR == 2 && $5 ~ /[sc]/ { n = 1 } END { exit !n }'; then
		echo panics
	else
		return 1
	fi
}

# Not all the time: each xl takes a processor for a while.
ticked_or_died()
{
	guest_ticked_since "$1" "$ticks" || { sleep 2 && died "$1" >/dev/null; }
}

# What is known of a guest that did not go on: registers, stack, the frames that are not as in a
# guest that has not run, and all memory of the first two.
keep_evidence()
{
	xl list >"$RESULTS/$1.list" 2>&1
	xl pause "$1"
	xenctx -a "$(domid "$1")" >"$RESULTS/$1.xenctx" 2>&1
	differing "$1" >"$RESULTS/$1.differing"
	cp "/tmp/$1.frames" "/tmp/$kind.frames" "$RESULTS/"
	[ "$(find "$RESULTS" -name '*.core' | wc -l)" -ge 2 ] ||
		xl dump-core "$1" "$RESULTS/$1.core" >/dev/null 2>&1
}

# same_memory NAME: the guest prints what the guest printed that was saved; one that was not
# restored has memory of its own
same_memory()
{
	if [ "$engine" = create ]; then
		[ "$(guest_ticks "$1" | sort -u | wc -l)" = 1 ]
	else
		[ "$(guest_ticks "$1" | sort -u)" = "$(cat "/tmp/$kind.md5")" ]
	fi
}

# watch NAME: a guest that runs goes on, with the memory that it had
watch()
{
	wait_for 200 ticked_or_died "$1"
	if how=$(died "$1"); then
		count "$how"
		why "$1 $how: $(tail -n 30 "$(guest_log "$1")")"
	elif ! guest_ticked_since "$1" "$ticks"; then
		count silent
		why "$1 does not tick: $(tail -n 5 "$(guest_log "$1")")"
	elif ! same_memory "$1"; then
		count damaged
		why "$1: its memory is not what it was"
	fi || {
		keep_evidence "$1"
		return 1
	}
}

watch_both()
{
	wrong=0
	for name in $a $b; do
		watch "$name" || wrong=1
	done
	return $wrong
}

# pair NUMBER ENGINE VARIANT
pair()
{
	engine=$2 overlapped=
	IFS=: read -r kind state order <<-END
		$3
	END
	a=$engine-$1-a b=$engine-$1-b
	restore_both || return
	if [ "$state" = paused ]; then
		compare_both
	else
		watch_both
	fi || return
	guest_destroy "$a" && guest_destroy "$b" || return
	rm -f "/tmp/$a".* "/tmp/$b".*
}

destroy_all()
{
	for id in $(domains); do
		xl destroy "$id"
	done
	wait_for 30 no_domains
}

run_rounds()
{
	number=0
	while :; do
		for variant in $variants; do
			for engine in $engines; do
				[ $number -lt "$rounds" ] || return 0
				# A guest that has not run has nothing to die of.
				case $engine:$variant in create:*:paused:*) continue ;; esac
				number=$((number + 1))
				before=$failed
				test_it pair $number "$engine" "$variant"
				[ "$failed" = "$before" ] || destroy_all
			done
		done
	done
}

report()
{
	awk '
		{ n[$1, $2] += $3; seen[$1] = 1 }
		END {
			split("pairs overlapped guests panics resets silent damaged compared differ", column)
			printf "%-10s", "engine"
			for (i = 1; i in column; i++)
				printf " %10s", column[i]
			print ""
			for (e in seen) {
				printf "%-10s", e
				for (i = 1; i in column; i++)
					printf " %10d", n[e, column[i]]
				print ""
			}
		}' $account
}

: >$account
free_before=$(host_free_mem)
make_unlocked_xl || fail "no xl without a lock"
for kind in pvh pv; do
	test_it prepare $kind
done
[ $failed = 0 ] || finish || exit
run_rounds
test_it wait_for 30 free_mem_is "$free_before"
cp -r /var/log/xen/console "$RESULTS/"
report
finish
