package metrics

import (
	"fmt"
	"net/netip"
)

// CheckListen refuses addresses at which others than this host's own users
// could read metrics: they tell of policies and traffic, and nobody is asked
// for a password. It takes an address with a port, as in "127.0.0.1:9909" or
// "[::1]:9909"; names are refused, because what they mean is decided elsewhere.
// The error says in one line what to write instead.
func CheckListen(address string) error {
	const instead = "write 127.0.0.1:9909, or another port of a loopback address"
	ap, err := netip.ParseAddrPort(address)
	switch {
	case err != nil || ap.Port() == 0:
		return fmt.Errorf("%q is not an IP address and a port: %s", address, instead)
	case !ap.Addr().IsLoopback():
		return fmt.Errorf("%q can be reached by other hosts, and metrics ask nobody for a password: %s, and put a proxy that asks in front of it", address, instead)
	}
	return nil
}
