#!/usr/bin/env bash
# Installs into a folder of its own, has systemd look at the units there, and
# takes it all away again. What is left, or said, is an error. Where systemd is
# not installed that part is skipped: it is much for a linter.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Any program will do for the command: make lint builds none.
arguments=(-s BIN="$(type -P true)" PREFIX="$work/prefix")
make "${arguments[@]}" install >/dev/null
if command -v systemd-analyze >/dev/null; then
	systemd-analyze verify --man=no "$work"/prefix/lib/systemd/system/*.service 2>&1 | tee "$work/said"
	[ ! -s "$work/said" ]
else
	echo "systemd-analyze is not installed: units are not looked at" >&2
fi
make "${arguments[@]}" uninstall >/dev/null
left=$(find "$work/prefix" -type f)
[ -z "$left" ] || { echo "make uninstall leaves: $left" >&2; exit 1; }
