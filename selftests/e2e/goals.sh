# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# For scripts that measure in dom0, and test nothing.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh

# Lines of NAME SECONDS.
figures=$RESULTS/goals

die()
{
	echo "$0: $*: $(tail -n 5 $log)"
	exit 1
}

now()
{
	read -r up _ </proc/uptime
	echo "$up"
}

# note NAME BEGIN END: seconds
note()
{
	awk -v n="$1" -v b="$2" -v e="$3" 'BEGIN { printf "%s %.2f\n", n, e - b }' | tee -a "$figures"
}

# median NAME: of all figures of that name
median()
{
	awk -v n="$1" '$1 == n { print $2 }' "$figures" | sort -n | awk '
		{ v[NR] = $1 }
		END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}
