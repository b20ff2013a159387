#!/usr/bin/env bash
# Checks that what is generated and committed matches its source: the BPF
# object is compiled anew and compared. Compilers differ in their output; with
# another clang than the one that made the committed object only the Go side
# and the source's checksum can be compared.
set -euo pipefail
cd "$(dirname "$0")/.."

programs=(internal/capture internal/capture/drops)
made_with=$(cat internal/capture/bpf/CLANG)
cmp internal/capture/bpf/CLANG internal/capture/drops/bpf/CLANG # one for both
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
if named=$(command -v "clang-$made_with"); then # beside the host's usual one
	mkdir "$before/bin"
	ln -s "$named" "$before/bin/clang"
	PATH="$before/bin:$PATH"
fi
have=$(clang --version | sed -n 's/.*clang version \([0-9]*\).*/\1/p')
for program in "${programs[@]}"; do
	if ! (cd "$program/bpf" && sha256sum --quiet -c SOURCES); then
		echo "$program: the BPF source changed and the object was not compiled anew: make generate, and commit" >&2
		exit 1
	fi
done
if [ "$have" != "$made_with" ]; then
	echo "clang $have here, the object was made with clang $made_with: only the sources' checksums were compared" >&2
	[ "${CI:-}" != true ] || { echo "install clang-$made_with: in CI the object is compiled anew" >&2; exit 1; }
	exit 0
fi
generated=(internal/capture/record_bpfel.{go,o} internal/capture/drops/drops_bpfel.{go,o} docs/reference/{kql,metrics,tables}.md docs/queries/README.md)
cp "${generated[@]}" "$before"
go generate ./...
for f in "${generated[@]}"; do
	if ! cmp -s "$f" "$before/$(basename "$f")"; then
		echo "$f is not what its source gives: make generate, and commit" >&2
		exit 1
	fi
done
echo "generated files match their sources (clang $have)"
