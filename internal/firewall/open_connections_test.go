package firewall

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/testnet"
)

// A connection that is open where nobody tracks connections does not outlive the first
// start, unless somebody has looked on before, as the docs say.
func TestConnectionsThatAreOpenAtTheFirstStart(t *testing.T) {
	testnet.NeedRoot(t)
	if !testnet.Apart(t) {
		return
	}
	hosts := testnet.NewHosts(t)
	pol, _, err := policy.Parse("p.yaml", []byte(allowAll))
	if err != nil {
		t.Fatal(err)
	}
	for i, lookedOn := range []bool{false, true} {
		port := uint16(8091 + i)
		config := &Config{Name: "open", StateFolder: t.TempDir() + "/state", SettingsFile: t.TempDir() + "/settings.json"}
		send := openEcho(t, hosts, netip.AddrPortFrom(hosts.Server.Address, port))
		if err := send(); err != nil {
			t.Fatal(err)
		}
		if lookedOn {
			fw, err := Observe(t.Context(), &Config{Name: "before"}, slog.New(slog.DiscardHandler))
			if err := errors.Join(err, send()); err != nil {
				t.Fatal(err)
			}
			if err := fw.Close(); err != nil {
				t.Fatal(err)
			}
		}
		fw, err := Start(t.Context(), config, pol, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		switch err := send(); {
		case lookedOn && err != nil:
			t.Errorf("somebody looked on before, and it does not live on: %v", err)
		case !lookedOn && !errors.Is(err, os.ErrDeadlineExceeded):
			t.Errorf("nobody looked on before, and what is sent: %v", err)
		}
		if err := errors.Join(fw.Close(), Remove(t.Context(), config)); err != nil {
			t.Error(err)
		}
	}
}

// openEcho opens a connection; what it returns sends on it and waits for the answer.
func openEcho(t *testing.T, hosts *testnet.Hosts, to netip.AddrPort) (send func() error) {
	t.Helper()
	var l net.Listener
	if err := hosts.Server.Do(func() (err error) {
		l, err = net.Listen("tcp", to.String())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for buf := make([]byte, 1); ; {
			if _, err := c.Read(buf); err != nil {
				return
			}
			if _, err := c.Write(buf); err != nil {
				return
			}
		}
	}()
	var c net.Conn
	if err := hosts.Client.Do(func() (err error) {
		c, err = net.DialTimeout("tcp", to.String(), 5*time.Second)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return func() error {
		_ = c.SetDeadline(time.Now().Add(time.Second))
		if _, err := c.Write([]byte{1}); err != nil {
			return err
		}
		_, err := c.Read(make([]byte, 1))
		return err
	}
}
