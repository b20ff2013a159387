package firewall

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/testnet"
)

// enforcedMeanwhile tries again and again whether the policy is in force, until it
// is asked: then it has been at every moment at which that was tried, which were
// some.
func enforcedMeanwhile(hosts *testnet.Hosts) (asked func(*testing.T)) {
	stop, result := make(chan struct{}), make(chan error, 1)
	tries := 0
	go func() {
		for {
			err := enforcedNow(hosts)
			tries++
			select {
			case <-stop:
				result <- err
				return
			default:
			}
			if err != nil {
				result <- err
				return
			}
		}
	}()
	return func(t *testing.T) {
		t.Helper()
		close(stop)
		if err := <-result; err != nil {
			t.Errorf("the policy is not in force, at the %d. try: %v", tries, err)
			return
		}
		t.Logf("the policy was in force, tried %d times", tries)
	}
}

// enforcedNow says what is wrong where a connection to a port that is allowed does
// not succeed, or one to a port that is denied does, on which somebody listens.
func enforcedNow(hosts *testnet.Hosts) error {
	to := hosts.Server.Address
	var denied net.Listener
	if err := hosts.Server.Do(func() (err error) {
		denied, err = net.Listen("tcp", netip.AddrPortFrom(to, 7001).String())
		return err
	}); err != nil {
		return err
	}
	defer denied.Close()
	return hosts.Client.Do(func() error {
		c, err := net.DialTimeout("tcp", netip.AddrPortFrom(to, 7000).String(), 5*time.Second)
		if err != nil {
			return fmt.Errorf("what is allowed does not pass: %w", err)
		}
		c.Close()
		c, err = net.DialTimeout("tcp", netip.AddrPortFrom(to, 7001).String(), 300*time.Millisecond)
		if err == nil {
			c.Close()
			return errors.New("what is denied passes")
		}
		if timeout := net.Error(nil); !errors.As(err, &timeout) || !timeout.Timeout() {
			return fmt.Errorf("what is denied does not vanish: %w", err)
		}
		return nil
	})
}
