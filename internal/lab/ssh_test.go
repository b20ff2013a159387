package lab

import (
	"testing"
	"time"
)

func TestSSH(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "ssh", oneNetwork, Options{})
	got, err := s.SSH(t.Context(), "client", "server", SSHOptions{})
	if err != nil || got.Outcome != Established || got.Status != 0 || got.Output != "this is server\n" {
		t.Fatalf("SSH() = %+v, %v", got, err)
	}
	got, err = s.SSH(t.Context(), "client", "server", SSHOptions{Command: "exit 3"})
	if err != nil || got.Outcome != Established || got.Status != 3 {
		t.Errorf("SSH() = %+v, %v, want status 3", got, err)
	}
	got, err = s.SSH(t.Context(), "client", "fw", SSHOptions{})
	if err != nil || got.Outcome != Refused {
		t.Errorf("SSH() to a node without sshd = %+v, %v, want it refused", got, err)
	}
}

// TestWorkshop is the experiment that Sekisho began with: a stateful firewall
// that sees only the server's packets drops them, and the route that is
// missing at the client's side is the cure.
func TestWorkshop(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "shop", oneNetwork, Options{})
	run(t, s.Lab, "fw", "sh", "-c", "echo 0 > /proc/sys/net/netfilter/nf_conntrack_tcp_loose")
	run(t, s.Lab, "fw", "nft", "add table ip t; add chain ip t f { type filter hook forward priority 0; }; "+
		"add rule ip t f ct state invalid drop")
	got, err := s.SSH(t.Context(), "client", "server", SSHOptions{Timeout: time.Second})
	if err != nil || got.Outcome != TimedOut || got.Stderr == "" {
		t.Errorf("SSH() with a route at one side = %+v, %v, want a timeout", got, err)
	}
	if _, err := s.SetRoute(t.Context(), "rt-client", appliance("10.2.2.0/24", "10.2.0.4")); err == nil {
		t.Error("SetRoute() takes a new route without a name")
	}
	route := appliance("10.2.2.0/24", "10.2.0.4")
	route.Name = "to-server"
	if _, err := s.SetRoute(t.Context(), "rt-client", route); err != nil {
		t.Fatalf("SetRoute() error:\n%+v", err)
	}
	got, err = s.SSH(t.Context(), "client", "server", SSHOptions{})
	if err != nil || got.Outcome != Established || got.Status != 0 {
		t.Errorf("SSH() with routes at both sides = %+v, %v", got, err)
	}
}

func TestRootIsLocked(t *testing.T) {
	for shadow, want := range map[string]bool{
		"root:*:20000:0:99999:7:::\n":             false,
		"daemon:!:1::::::\nroot:!:20000::::::\n":  true,
		"root:$y$j9T$x:20000:0:99999:7:::\n":      false,
		"root:!$y$j9T$x:20000:0:99999:7:::\n":     true,
		"nobody:!:20000:0:99999:7:::\nrooty:!:\n": false,
		"": false,
	} {
		if got := rootIsLocked(shadow); got != want {
			t.Errorf("rootIsLocked(%q) = %v", shadow, got)
		}
	}
}
