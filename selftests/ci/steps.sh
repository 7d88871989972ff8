# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Steps are commands, each with a name, a log, a time limit and a count of its tests. At
# most $at_once of them run at a time. A script sets three variables before it reads this
# file: patterns (run only steps whose names match one of them; if empty, run all), list (if
# not empty, only print the names) and logs (the folder of the logs).
# shellcheck disable=SC2154 # these three

passed=0 failed=0 skipped=0 matched=0
begun=$SECONDS
mkdir -p "$logs"

# The running steps, by name. An emulated machine uses one processor most of the time,
# so two steps fit a machine with two processors.
declare -A job_of=() start_of=() limit_of=()
at_once=1

wanted()
{
	local pattern
	[ ${#patterns[@]} != 0 ] || return 0
	for pattern in "${patterns[@]}"; do
		# shellcheck disable=SC2053 # the right side is a pattern
		[[ $1 != $pattern ]] || return 0
	done
	return 1
}

# Prints the running steps: on a terminal each second, and elsewhere each minute.
printed=$SECONDS
progress()
{
	local name line=
	[ "$printed" != "$SECONDS" ] || return 0
	[ -t 1 ] || [ $((SECONDS - printed)) -ge 60 ] || return 0
	printed=$SECONDS
	for name in "${!job_of[@]}"; do
		line+="  $name $((SECONDS - start_of[$name])) s"
	done
	if [ -t 1 ]; then
		printf '\r\033[K...%.75s' "$line"
	else
		echo "...$line"
	fi
}

# stop_job NAME: stop the step's shell, and all processes that it has started.
stop_job()
{
	kill -TERM -- "-${job_of[$1]}" 2>/dev/null
	sleep 2
	kill -KILL -- "-${job_of[$1]}" 2>/dev/null
}

stop_jobs()
{
	local name
	for name in "${!job_of[@]}"; do
		stop_job "$name"
	done
}
trap stop_jobs EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# result NAME STATUS SECONDS: count and print the result of a step
result()
{
	local log=$logs/$1.log counts p=0 f=0 s=0
	counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed,\{0,1\} *\([0-9]*\).*$/\1 \2 \3/p' \
		"$log" | tail -n 1)
	if [ "$2" = 77 ]; then
		s=1
	elif [ -n "$counts" ]; then
		read -r p f s <<<"$counts"
		[ "$2" = 0 ] || [ "$f" != 0 ] || f=1
	elif [ "$2" = 0 ]; then
		p=1
	else
		f=1
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + ${s:-0}))

	[ ! -t 1 ] || printf '\r\033[K'
	if [ "$f" != 0 ]; then
		echo "FAIL $1 (what failed, and the end of $log:)"
		# Of many programs, the last one to fail is rarely the last one.
		{
			head -n -30 "$log" | grep -E '^[# ]*(not ok|FAIL) |:Expected ' | head -n 20
			tail -n 30 "$log"
		} | cut -c -200 | sed 's/^/    /'
	elif [ "$p" = 0 ]; then
		echo "SKIP $1 ($(tail -n 1 "$log"))"
	else
		echo "ok   $1  ${3} s${counts:+  ($p passed${s:+, $s skipped})}"
	fi
}

# Waits a moment, stops steps that take too long, and gets the results of those that ended.
poll_jobs()
{
	local name status
	sleep 0.2
	progress
	for name in "${!job_of[@]}"; do
		if [ $((SECONDS - start_of[$name])) -ge "${limit_of[$name]}" ]; then
			echo "stopped after ${limit_of[$name]} s" >>"$logs/$name.log"
			stop_job "$name"
		fi
		! kill -0 "${job_of[$name]}" 2>/dev/null || continue
		status=0
		wait "${job_of[$name]}" 2>/dev/null || status=$?
		unset "job_of[$name]"
		result "$name" "$status" $((SECONDS - start_of[$name]))
	done
}

# wait_below N: wait until fewer than N steps run
wait_below()
{
	while [ ${#job_of[@]} -ge "$1" ]; do
		poll_jobs
	done
}

# wait_for_step NAME: wait until this step does not run
wait_for_step()
{
	while [ -n "${job_of[$1]:-}" ]; do
		poll_jobs
	done
}

# step NAME SECONDS COMMAND [ARGUMENT]...: start a step, which may take SECONDS.
#
# It passes if COMMAND returns 0, and is skipped if COMMAND returns 77. If its log has
# lines "N passed, N failed[, N skipped]", the numbers of the last one are counted.
# COMMAND finds NAME in $running, and its own output in $logs/NAME.log.
step()
{
	local name=$1 limit=$2
	shift 2
	wanted "$name" || return 0
	matched=$((matched + 1))
	if [ -n "$list" ]; then
		echo "$name"
		return
	fi

	wait_below "$at_once"
	start_of[$name]=$SECONDS
	limit_of[$name]=$limit
	# shellcheck disable=SC2034 # COMMAND may use it
	running=$name
	set -m
	"$@" </dev/null >"$logs/$name.log" 2>&1 &
	job_of[$name]=$!
	set +m
}

# Waits for all steps and prints the totals. Fails if a step failed. Ends the script if no
# step matched.
finish_steps()
{
	wait_below 1
	if [ "$matched" = 0 ]; then
		echo "$0: no step matches; see $0 --list" >&2
		exit 2
	fi
	[ -z "$list" ] || exit 0
	echo "logs are in $logs; this took $((SECONDS - begun)) s"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ]
}
