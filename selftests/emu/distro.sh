# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# For scripts: where the files of a Debian release are. A script sets top, the top of this
# repository, before it reads this file. $DISTRO names the release; it is exported.
#
#   suites   what its packages come from
#   kernels  the series of Linux that it has
#   xen      the version of its Xen
#   root     its unpacked packages
#   tree     the source that is built for it: this one, or a copy below root
#   emu_out  what selftests/emu/run-dom0 boots
# shellcheck disable=SC2034,SC2154 # for the script, by the script

export DISTRO=${DISTRO:-bookworm}
root=$top/build/$DISTRO tree=$top/build/$DISTRO/src
case $DISTRO in
bookworm)
	suites=(bookworm) kernels=(6.1 6.12) xen=4.17
	root=$top/build/emu/root tree=$top
	;;
trixie) suites=(trixie trixie-backports) kernels=(6.12 7.3) xen=4.20 ;;
sid) suites=(sid) kernels=(7.2) xen=4.20 ;;
*)
	echo "$0: there is no distro '$DISTRO': use bookworm, trixie or sid" >&2
	exit 2
	;;
esac
emu_out=$tree/build/emu

# variable DISTRO NAME: print one of these for another release
variable()
(
	# shellcheck source=selftests/emu/distro.sh
	DISTRO=$1 . "$top/selftests/emu/distro.sh"
	declare -n value=$2
	echo "${value[*]}"
)
