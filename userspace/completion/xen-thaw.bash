# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Completion of xen-thaw for bash. It is installed under the name of the command.

_xen_thaw()
{
	local commands='clone clones disable doctor dump enable help info pack restore save take verify'
	local word=$2 previous=$3 command=${COMP_WORDS[1]} options=

	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$word")
		return
	fi
	case $previous in
	--engine)
		mapfile -t COMPREPLY < <(compgen -W 'auto module gntdev mmapbatch stock' -- "$word")
		return
		;;
	--cache)
		mapfile -t COMPREPLY < <(compgen -W 'auto keep drop' -- "$word")
		return
		;;
	--compress)
		mapfile -t COMPREPLY < <(compgen -W 'zstd zstd:1 zstd:9 zstd:19' -- "$word")
		return
		;;
	--threads)
		mapfile -t COMPREPLY < <(compgen -W '1 2 3 4' -- "$word")
		return
		;;
	esac
	case $command in
	clone)
		options='--ahead --cache --config --count --destroy --help --json --name --parallel'
		options+=' --paused --spare --verify'
		;;
	clones) options='--clean --help --json' ;;
	disable | enable) options='--help' ;;
	doctor) options='--json --help' ;;
	dump) options='--cache --force --help' ;;
	help) options=$commands ;;
	info) options='--json --quick --help' ;;
	pack) options='--compress --force --no-checksums --quiet --help' ;;
	restore) options='--engine --threads --cache --verify --no-stream --stats --help' ;;
	save) options='--cache --live --stats --help' ;;
	take) options='--help --json --name --stop' ;;
	verify) options='--json --quiet --help' ;;
	esac
	if [[ $word = -* || $command = help ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
	else
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	fi
}
complete -F _xen_thaw xen-thaw
