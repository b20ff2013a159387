#!/usr/bin/env bash
# Runs a program on Debian's kernel in a virtual machine: in the folder and with
# the environment of the caller, and with this host's files, none of which it
# can change. What it prints is printed, and its exit code is the script's. For
# tests of what this host's own kernel lacks, and of another kind of machine:
#
#   go test -exec tools/vm.sh PACKAGE    (make test-vm does this)
#   tools/vm.sh --fetch                  only get what it needs, where it is not here yet
#
# GOARCH is the kind of machine, as Go calls it: amd64 or arm64 (this host's). One
# of another kind than the host has the programs that tests execute from Debian,
# before the host's. SUITE is the Debian release whose kernel it is (trixie);
# KERNEL which of its kernels (amd64, arm64), as arm64-16k with pages of 16 KiB;
# LIMIT how long the machine may run (1h). Nothing is installed, only unpacked in
# the user's cache.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

suite=${SUITE:-trixie}
machine=${GOARCH:-$(dpkg --print-architecture)}
kernel=${KERNEL:-$machine}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sekisho/vm/$suite-$kernel
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What tests execute, by Debian package name, and libstdc++ for DuckDB.
programs=(bash conntrack coreutils curl dash iproute2 iptables kmod libstdc++6 nftables openssh-client openssh-server procps tcpdump util-linux)

# apt-get or apt-cache, with a list of its own: the host's is not touched, and
# nothing counts as installed.
debian() {
	"$@" -qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$work/lists" \
		-o Dir::State::status=/dev/null -o Dir::Cache::archives="$work" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
		-o APT::Sandbox::User= -o APT::Architecture="$machine" -o APT::Architectures="$machine"
}

# fetch unpacks the kernel, the busybox that is its first program, and for
# another kind of machine the programs and all that they need.
fetch() {
	[ ! -d "$cache" ] || return 0
	# shellcheck disable=SC2016 # apt fills it in
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' 'Component: main' | sort -u | head -n 1)
	if [ -z "$mirror" ]; then
		echo "this host's apt knows no mirror of Debian (or its lists are empty: apt-get update), so there is no kernel to be had" >&2
		return 1
	fi
	echo "fetching the kernel $kernel of Debian $suite, some 110 MB" >&2
	mkdir -p "$work/lists/partial" "$work/partial" "$work/root" "$(dirname "$cache")"
	cd "$work"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >sources.list
	debian apt-get update
	# A kernel is one package or, after trixie, some: they have its version in their names.
	mapfile -t packages < <(debian apt-cache depends --recurse --important "linux-image-$kernel" | grep '^linux-[a-z]*-[0-9]' | sort -u)
	debian apt-get download busybox-static "${packages[@]}"
	if [ "$machine" != "$(dpkg --print-architecture)" ]; then
		debian apt-get install --download-only --no-install-recommends "${programs[@]}"
	fi
	for package in *.deb; do
		dpkg -x "$package" root
	done
	version=$(ls root/usr/lib/modules)
	depmod -b root/usr "$version"
	[ ! -d root/boot ] || mv "root/boot/vmlinuz-$version" "root/usr/lib/modules/$version/vmlinuz"
	mv -T root "$cache"
}

# pack makes the file system that the machine begins with: busybox, its script,
# and the modules that it needs to see this host's files, numbered in their order.
pack() {
	local number=10 module
	mkdir -p first/bin first/modules
	cp "$cache/usr/bin/busybox" first/bin/
	cp "$here/vm-init.sh" first/init
	for module in $(printf '%s\n' overlay 9pnet_virtio 9p | xargs -n 1 modprobe -d "$cache/usr" -S "$version" --show-depends |
		awk '$1 == "insmod" && !seen[$2]++ {print $2}'); do
		number=$((number + 1))
		xz -dc "$module" >"first/modules/$number.ko"
	done
	(cd first && find . | cpio --quiet -o -H newc >../first.cpio)
}

# hardware sets what QEMU makes the machine of. A KVM without the processor's
# help runs no kernel that was not made for it.
hardware() {
	case $machine in
	amd64) qemu=(qemu-system-x86_64 -cpu max) console=ttyS0 helps='vmx|svm' ;;
	# Emulated, it is the processor of Graviton2 and Ampere Altra.
	arm64) qemu=(qemu-system-aarch64 -M "virt,gic-version=max" -cpu neoverse-n1) console=ttyAMA0 helps=Features ;;
	*)
		echo "GOARCH=$machine: no such machine here, only amd64 and arm64" >&2
		return 2
		;;
	esac
	if [ "$machine" = "$(dpkg --print-architecture)" ] && [ -w /dev/kvm ] && grep -qwE "$helps" /proc/cpuinfo; then
		qemu+=(-accel kvm -cpu host)
	else
		echo "the machine is emulated, and slow: no /dev/kvm for $machine, or none with hardware behind it" >&2
		qemu+=(-accel tcg)
	fi
}

# boot ends when the program has ended, or after LIMIT. A kernel that panics
# ends it too.
boot() {
	timeout --foreground -k 5 "${LIMIT:-1h}" "${qemu[@]}" -smp "${CPUS:-2}" -m 4G \
		-nodefaults -no-user-config -no-reboot -display none -serial stdio \
		-kernel "$cache/usr/lib/modules/$version/vmlinuz" -initrd first.cpio -append "console=$console quiet panic=-1" \
		-virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
		-virtfs local,path="$cache",mount_tag=own,security_model=none,readonly=on \
		-virtfs local,path="$work/job",mount_tag=job,security_model=none </dev/null
}

hardware
fetch
[ "${1:-}" != --fetch ] || exit 0
version=$(ls "$cache/usr/lib/modules")
mkdir "$work/job"
{
	export -p
	echo "export SEKISHO_VM=1" # what this kernel lacks is a failure
	printf 'cd %q\nexec %s\n' "$PWD" "${*@Q}"
} >"$work/job/run"
cd "$work"
pack
boot || true
[ -s job/code ] || echo "the machine ended before the program did" >&2
exit "$(cat job/code 2>/dev/null || echo 1)"
