package firewall

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/testnet"
)

// lose drops some SYNs, FINs and data behind the firewall, on both sides, so that
// they come again.
func lose(t *testing.T, hosts *testnet.Hosts) {
	t.Helper()
	atBoth(t, hosts, "table inet loss {\n chain in {\n type filter hook prerouting priority -300;\n tcp flags & syn == syn numgen random mod 50 == 0 drop\n tcp flags & fin == fin numgen random mod 50 == 0 drop\n tcp flags & (syn | fin | rst | psh) == psh numgen random mod 50 == 0 drop\n }\n}\n")
	err := hosts.Client.Do(func() error {
		return os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("10000 65000"), 0)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// atBoth puts rules of nftables in force at both hosts.
func atBoth(t *testing.T, hosts *testnet.Hosts, rules string) {
	t.Helper()
	for _, h := range []*testnet.Host{hosts.Client, hosts.Server} {
		err := h.Do(func() error {
			cmd := exec.Command("nft", "-f", "-")
			cmd.Stdin = strings.NewReader(rules)
			if out, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// silence lets nothing more leave the two hosts, and waits until what had left
// has arrived: a retransmission that came while the witnesses are dismissed one
// after the other would be seen by one of them only.
func silence(t *testing.T, hosts *testnet.Hosts) {
	t.Helper()
	atBoth(t, hosts, "table inet silence {\n chain out {\n type filter hook output priority 0; policy drop;\n }\n}\n")
	time.Sleep(time.Second)
}

// servers answer on 7000 (and 7001, which the policy denies): what the client
// sends first says how the connection ends.
func servers(t *testing.T, hosts *testnet.Hosts) {
	t.Helper()
	for _, a := range []netip.Addr{hosts.Server.Address, hosts.Server.Address6} {
		err := hosts.Server.Do(func() error {
			l, err := net.Listen("tcp", netip.AddrPortFrom(a, 7000).String())
			if err != nil {
				return err
			}
			t.Cleanup(func() { l.Close() })
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					go answer(c.(*net.TCPConn))
				}
			}()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// The ways a connection ends, by the first byte.
const (
	clientCloses = iota
	serverCloses
	clientResets
	serverResets
	halfClose
	ways
)

func answer(c *net.TCPConn) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	r := bufio.NewReader(c)
	how, err := r.ReadByte()
	if err != nil {
		return
	}
	switch how {
	case serverResets:
		_ = c.SetLinger(0)
	case halfClose:
		_, _ = io.Copy(io.Discard, r) // until the client's FIN; then data the other way
		_, _ = c.Write(make([]byte, 1000))
	case clientCloses, clientResets:
		_, _ = io.Copy(io.Discard, r)
	}
}

// mixture is how many connections ended in which way.
type mixture struct{ ended [ways]int32 }

func connectAll(hosts *testnet.Hosts) *mixture {
	made := &mixture{}
	var wg sync.WaitGroup
	const workers = 48 // they mostly wait
	for worker := range workers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(7, uint64(worker)))
			for n := worker; n < connectionsSeen; n += workers {
				to := hosts.Server.Address
				if n%2 == 1 {
					to = hosts.Server.Address6
				}
				dice := random.IntN(100)
				if hosts.Client.Do(func() error { return connectOnce(to, dice) }) == nil {
					atomic.AddInt32(&made.ended[dice%ways], 1)
				}
			}
		})
	}
	wg.Wait()
	return made
}

// connectOnce opens a connection and ends it in one of the ways; some are
// denied or refused. What becomes of it is for the two witnesses to say.
func connectOnce(to netip.Addr, dice int) error {
	port := uint16(7000)
	timeout := 5 * time.Second
	switch {
	case dice < 2:
		port, timeout = 7001, 1200*time.Millisecond // denied; one retransmission
	case dice < 8:
		port = 7002 // refused
	}
	c, err := net.DialTimeout("tcp", netip.AddrPortFrom(to, port).String(), timeout)
	if err != nil {
		return err
	}
	conn := c.(*net.TCPConn)
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	how := byte(dice % ways)
	if _, err := conn.Write([]byte{how}); err != nil {
		return err
	}
	switch how {
	case clientResets:
		return conn.SetLinger(0)
	case halfClose:
		if err := conn.CloseWrite(); err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, conn)
		return err
	case serverCloses:
		_, err = io.Copy(io.Discard, conn)
		return err
	case serverResets:
		if _, err = io.Copy(io.Discard, conn); errors.Is(err, syscall.ECONNRESET) {
			return nil
		}
		return fmt.Errorf("no reset: %w", err)
	}
	return nil
}
