// Package interfaces names network interfaces.
package interfaces

import "golang.org/x/sys/unix"

// Name is the name of the interface with a number in the calling thread's network
// namespace; "" where there is none. It asks for this one (netdevice(7)):
// [net.InterfaceByIndex] has the kernel list all, which takes 8 ms where there are a
// thousand.
func Name(index int) string {
	socket, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(socket)
	request, err := unix.NewIfreq("")
	if err != nil {
		return ""
	}
	request.SetUint32(uint32(index))
	if err := unix.IoctlIfreq(socket, unix.SIOCGIFNAME, request); err != nil {
		return ""
	}
	return request.Name()
}
