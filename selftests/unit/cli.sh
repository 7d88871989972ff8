# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# For tests of xen-thaw's commands: they run it in a directory of their own, and
# print TAP. $1 is the directory that has xen-thaw and mkimage.

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

# Run a command; its outcome is in $status, ./out and ./err.
run()
{
	"$@" >out 2>err </dev/null
	status=$?
}

thaw()
{
	run "$bin/xen-thaw" "$@"
}

# Print a TAP line for the test named $2, which passes when command $1 does.
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

# One line on stderr, after the program's name, and the exit code.
says()
{
	[ "$status" = "$1" ] && [ "$(wc -l <err)" = 1 ] &&
		grep -q "^xen-thaw: .*$2" err
}

# wrong WHAT COMMAND: a line says what is wrong with the arguments, and another one
# where the help is
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

# The end of a test program.
finish()
{
	echo "1..$number"
	[ "$failures" = 0 ]
}
