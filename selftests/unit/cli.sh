# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Functions for tests of xen-thaw's commands. Each test runs in a new directory and
# prints TAP. $1 is the directory that has xen-thaw and mkimage.

if [ $# != 1 ] || [ ! -x "$1/xen-thaw" ] || [ ! -x "$1/mkimage" ]; then
	echo "usage: $0 DIRECTORY"
	echo "The directory has xen-thaw and mkimage as this Makefile builds them."
	exit 2
fi

bin=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

number=0
failures=0

# Run a command. Its exit code is in $status, and its output in ./out and ./err.
run()
{
	"$@" >out 2>err </dev/null
	status=$?
}

thaw()
{
	run "$bin/xen-thaw" "$@"
}

# Print a TAP line for the test named $2. It passes if command $1 returns 0.
check()
{
	number=$((number + 1))
	if eval "$1"; then
		echo "ok $number cli.$2"
		return
	fi
	failures=$((failures + 1))
	echo "not ok $number cli.$2"
	echo "# $1"
	sed 's/^/# out: /' out
	sed 's/^/# err: /' err
	echo "# status $status"
}

skip()
{
	number=$((number + 1))
	echo "ok $number cli.$1 # SKIP $2"
}

# says CODE PATTERN: the exit code is CODE, and the only line on stderr matches
says()
{
	[ "$status" = "$1" ] && [ "$(wc -l <err)" = 1 ] &&
		grep -q "^xen-thaw: .*$2" err
}

# wrong PATTERN COMMAND: one line says what is wrong with the arguments, and a second
# line names the help
wrong()
{
	[ "$status" = 2 ] && [ "$(wc -l <err)" = 2 ] && [ ! -s out ] &&
		head -n 1 err | grep -qE -- "^xen-thaw( $2)?: .*$1" &&
		tail -n 1 err | grep -qE "^Try 'xen-thaw${2:+ $2} --help'[.]$"
}

has()
{
	grep -qE -- "$1" out
}

# Print the TAP plan, and fail if a test failed.
finish()
{
	echo "1..$number"
	[ "$failures" = 0 ]
}
