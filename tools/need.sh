#!/usr/bin/env bash
# Installs what a make target needs and this machine lacks, by Debian package
# name. It says what it will install, and asks on a terminal unless YES=1.
#
#   tools/need.sh demo|test|vm|vm-arm64|bench|lint|generate
set -euo pipefail

declare -A package=(
	[nft]=nftables [ip]=iproute2 [ss]=iproute2 [ssh]=openssh-client [sshd]=openssh-server [ssh-keygen]=openssh-client
	[tcpdump]=tcpdump [iptables]=iptables [ulogd]=ulogd2 [conntrack]=conntrack [curl]=curl [sysctl]=procps
	[clang]=clang [llvm-strip]=llvm [shellcheck]=shellcheck [gcc]=gcc [g++]=g++ [node]=nodejs [npm]=npm
	[qemu-system-x86_64]=qemu-system-x86 [qemu-system-aarch64]=qemu-system-arm
	[aarch64-linux-gnu-gcc]=gcc-aarch64-linux-gnu [aarch64-linux-gnu-g++]=g++-aarch64-linux-gnu [modprobe]=kmod [xz]=xz-utils [cpio]=cpio
)
declare -A programs=(
	[demo]="nft ip ssh sshd ssh-keygen gcc g++"
	[test]="nft ip ss ssh sshd ssh-keygen gcc g++ node npm iptables conntrack tcpdump curl sysctl"
	[vm]="qemu-system-x86_64 modprobe xz cpio nft ip ss ssh sshd ssh-keygen gcc g++ iptables conntrack tcpdump sysctl"
	[vm-arm64]="qemu-system-aarch64 modprobe xz cpio aarch64-linux-gnu-gcc aarch64-linux-gnu-g++ sshd iptables"
	[bench]="nft ip gcc g++ ulogd conntrack"
	[lint]="shellcheck clang llvm-strip gcc g++"
	[generate]="clang llvm-strip"
)
# Files that no program stands for.
declare -A files=(
	[libbpf-dev]=/usr/include/bpf/bpf_helpers.h
	[debian-archive-keyring]=/usr/share/keyrings/debian-archive-keyring.gpg
	[ulogd2-json]="/usr/lib/*/ulogd/ulogd_output_JSON.so"
)
declare -A others=([lint]=libbpf-dev [generate]=libbpf-dev [bench]=ulogd2-json [vm]=debian-archive-keyring [vm-arm64]=debian-archive-keyring)

# The BPF objects are compared as one clang makes them: that one, where Debian has it.
made_with=clang-$(cat "$(dirname "$0")/../internal/capture/bpf/CLANG")
if command -v "$made_with" >/dev/null || apt-cache show "$made_with" >/dev/null 2>&1; then
	package[$made_with]=$made_with
	programs[lint]=${programs[lint]/clang/$made_with}
	programs[generate]=${programs[generate]/clang/$made_with}
fi

PATH=$PATH:/usr/sbin:/sbin
target=${1:?usage: need.sh demo|test|vm|vm-arm64|bench|lint|generate}

if ! command -v go >/dev/null; then
	echo "Go is missing: install Go 1.26 or later (https://go.dev/dl/), then run make again." >&2
	exit 1
fi

missing=()
for program in ${programs[$target]}; do
	command -v "$program" >/dev/null || missing+=("${package[$program]}")
done
for other in ${others[$target]:-}; do
	compgen -G "${files[$other]}" >/dev/null || missing+=("$other")
done
[ ${#missing[@]} -eq 0 ] && exit 0
mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)

echo "make $target needs these Debian packages, which are not installed: ${missing[*]}"
if ! command -v apt-get >/dev/null; then
	echo "There is no apt-get here: install the like of them, then run make again." >&2
	exit 1
fi
if [ "${YES:-}" != 1 ] && [ -t 0 ]; then
	read -r -p "Install them now? [Y/n] " answer
	case "$answer" in "" | [yY]*) ;; *) exit 1 ;; esac
fi
sudo=()
[ "$(id -u)" = 0 ] || sudo=(sudo)
"${sudo[@]}" apt-get update -qq
# An sshd that was only installed for the lab must not start to serve this host.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
	"${sudo[@]}" chmod +x "$policy"
	trap '"${sudo[@]}" rm -f "$policy"' EXIT
fi
DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
