#!/usr/bin/env bash
# Runs a program on Debian's kernel in a virtual machine: in the folder and with
# the environment of the caller, and with this host's files, none of which it
# can change. What it prints is printed, and its exit code is the script's. For
# tests of what this host's own kernel lacks:
#
#   go test -exec tools/vm.sh PACKAGE    (make test-vm does this)
#   tools/vm.sh --fetch                  only get the kernel, where it is not here yet
#
# SUITE is the Debian release whose kernel it is (trixie); LIMIT how long the
# machine may run (1h). The kernel is not installed, only unpacked in the user's
# cache.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

suite=${SUITE:-trixie}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sekisho/vm/$suite
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# apt-get or apt-cache, with a list of its own: the host's is not touched.
debian() {
	"$@" -qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$work/lists" \
		-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=
}

# fetch unpacks the kernel, and the busybox that is its first program.
fetch() {
	[ ! -d "$cache" ] || return 0
	# shellcheck disable=SC2016 # apt fills it in
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' 'Component: main' | sort -u | head -n 1)
	if [ -z "$mirror" ]; then
		echo "this host's apt knows no mirror of Debian (or its lists are empty: apt-get update), so there is no kernel to be had" >&2
		return 1
	fi
	echo "fetching the kernel of Debian $suite, some 110 MB" >&2
	mkdir -p "$work/lists/partial" "$work/root" "$(dirname "$cache")"
	cd "$work"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >sources.list
	debian apt-get update
	# A kernel is one package or, after trixie, some: they have its version in their names.
	mapfile -t kernel < <(debian apt-cache depends --recurse --important linux-image-amd64 | grep '^linux-[a-z]*-[0-9]' | sort -u)
	debian apt-get download busybox-static "${kernel[@]}"
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
	(cd first && find . | bin/busybox cpio -o -H newc >../first.cpio 2>/dev/null)
}

# boot ends when the program has ended, or after LIMIT. A kernel that panics
# ends it too.
boot() {
	timeout --foreground -k 5 "${LIMIT:-1h}" qemu-system-x86_64 -accel "$accel" -cpu max -smp 2 -m 4G \
		-nodefaults -no-user-config -no-reboot -display none -serial stdio \
		-kernel "$cache/usr/lib/modules/$version/vmlinuz" -initrd first.cpio -append "console=ttyS0 quiet panic=-1 cache=$cache" \
		-virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
		-virtfs local,path="$work/job",mount_tag=job,security_model=none </dev/null
}

fetch
[ "${1:-}" != --fetch ] || exit 0
accel=kvm
# A KVM without the processor's help runs no kernel that was not made for it.
if [ ! -w /dev/kvm ] || ! grep -qwE 'vmx|svm' /proc/cpuinfo; then
	accel=tcg
	echo "the machine is emulated, and slow: no /dev/kvm, or none with hardware behind it" >&2
fi
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
