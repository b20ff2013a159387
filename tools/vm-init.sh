#!/bin/busybox sh
# shellcheck shell=dash
# The first program in the machine of tools/vm.sh: it mounts the host's files,
# above them those that are the machine's own, as the kernel's modules, and above
# all a layer of memory that takes all writes. There it runs what the host has
# put into the folder "job".
/bin/busybox --install -s /bin
export PATH=/bin
mkdir -p /proc /host /own /layer /root
mount -t proc proc /proc
for module in /modules/*; do
	insmod "$module"
done
for tag in host own; do
	mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose $tag /$tag
done
mount -t tmpfs tmpfs /layer
mkdir /layer/upper /layer/work
mount -t overlay -o lowerdir=/own:/host,upperdir=/layer/upper,workdir=/layer/work overlay /root

cd /root || exit
mkdir -p job
mount -t 9p -o trans=virtio,version=9p2000.L job job
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t bpf bpf sys/fs/bpf
mount -t tracefs tracefs sys/kernel/tracing
mount -t devtmpfs devtmpfs dev
mkdir -p dev/pts dev/shm
mount -t devpts devpts dev/pts
mount -t tmpfs tmpfs dev/shm
mount -t tmpfs tmpfs run
ip link set lo up
stty -onlcr

# Not chroot: the kernel, too, must find modprobe there. The second stty waits
# until all is printed; and after it the kernel says no farewell.
exec switch_root . /bin/bash -c '
	bash /job/run
	echo $? >/job/code
	stty onlcr
	echo 0 >/proc/sys/kernel/printk
	exec /usr/bin/busybox poweroff -f'
