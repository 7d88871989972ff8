# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# The parts of in-dom0.sh about streams: pipes that are fed from the page cache, and
# compressed images.
# shellcheck disable=SC2154 # variables of in-dom0.sh

fifo=/tmp/fifo
zst=/tmp/plain.zst

# piped PART CASE ENGINE COMMAND: times a restore of what COMMAND writes
piped()
{
	rm -f $fifo
	mkfifo $fifo || die "mkfifo"
	sh -c "$4" >$fifo &
	timed "$1" plain "$2" $fifo XEN_THAW_ENGINE="$3"
	wait $!
}

pipe()
{
	for engine in stock module mmapbatch gntdev; do
		piped pipe $engine $engine "cat $plain"
	done
	by module pipe plain-file "$plain"
}

# All of xl, because our helper waits for who decompresses.
zstd()
{
	[ -e $zst ] || xen-thaw pack -q --compress zstd "$plain" $zst >"$log" 2>&1 || die "pack"
	piped zstd stock stock "/usr/bin/zstd -dcq $zst"
	piped zstd module-pipe module "/usr/bin/zstd -dcq $zst"
	place zstd plain module
	start=$(uptime)
	XEN_THAW_HELPER=$helper xen-thaw restore --engine module --stats "$out.helper" -p $zst \
		>"$log" 2>&1 || die "xen-thaw restore"
	echo "$start $(uptime)" >"$out.xl"
	printf ' %s' "$(awk '{ print $2 - $1 }' "$out.xl")"
	guest_destroy guest
	settle
}
