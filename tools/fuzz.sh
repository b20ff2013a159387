#!/usr/bin/env bash
# Fuzzes one target after the other, each for a while: all of them, or those whose
# bytes come from the farthest: packets, queries, imported files, policies.
#
#   tools/fuzz.sh [TIME [exposed]]
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-10s}

# Without those that have DuckDB beneath them: where nothing is cached, to build that
# for a fuzzer takes longer than all of these.
exposed=(
	./internal/capture:FuzzReadPacket
	./internal/capture:FuzzSamples
	./internal/capture/drops:FuzzDrop
	./internal/pcap:FuzzRead
	./internal/kql/syntax:FuzzParse
	./internal/azure/azlogs:FuzzRead
	./internal/azure:FuzzImport
	./internal/policy:FuzzParse
	./internal/topology:FuzzParse
	./internal/settings:FuzzParse
	./internal/flow:FuzzParseFilter
)

# all lists the targets of all packages, as package:target.
all() {
	grep -rl --include='*_test.go' '^func Fuzz' . | while read -r file; do
		sed -n "s|^func \(Fuzz[A-Za-z0-9]*\)(.*|$(dirname "$file"):\1|p" "$file"
	done | sort
}

# fuzz fails on a finding. Go 1.26 also fails where the time is over at the wrong moment
# (go.dev/issue/75804); then it has found nothing, and written nothing down.
fuzz() {
	local said
	said=$(mktemp)
	if go test -run '^$' -fuzz "^$2\$" -fuzztime "$time" -fuzzminimizetime 10x "$1" 2>&1 | tee "$said"; then
		rm "$said"
	elif grep -q '^ *context deadline exceeded$' "$said" && ! grep -qE 'Failing input|panic|hung or terminated' "$said"; then
		echo "$2: the time was over; nothing was found"
		rm "$said"
	else
		rm "$said"
		return 1
	fi
}

if [ "${2:-}" = exposed ]; then
	targets=("${exposed[@]}")
else
	mapfile -t targets < <(all)
fi
for target in "${targets[@]}"; do
	echo "${target%:*} ${target#*:}"
	fuzz "${target%:*}" "${target#*:}"
done
