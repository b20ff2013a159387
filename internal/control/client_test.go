package control

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/settings"
)

// A firewall whose process was stopped keeps its socket: the kernel takes the
// connection, and nobody answers.
func TestAFirewallThatHangsHidesNoOther(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hangs, err := net.Listen("unix", filepath.Join(dir, "hangs"))
	if err != nil {
		t.Fatal(err)
	}
	defer hangs.Close()
	well, err := net.Listen("unix", filepath.Join(dir, "well"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(firewall.Status{Name: "fw", ID: "well"})
	})}
	go server.Serve(well)
	defer server.Close()
	var clients []*Client
	for _, id := range []string{"gone", "hangs", "well"} {
		dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(dir, id))
		}
		clients = append(clients, &Client{ID: id, http: &http.Client{Transport: &http.Transport{DialContext: dial}}})
	}
	running, err := ask(t.Context(), clients, time.Second)
	if len(running) != 1 || running[0].ID != "well" {
		t.Errorf("those that answer: %+v", running)
	}
	if err == nil || !strings.Contains(err.Error(), "hangs does not answer within 1s") || strings.Contains(err.Error(), "gone") {
		t.Errorf("error %v, want one about hangs alone", err)
	}
}

func TestSettingsThatAreOverAreRefused(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 16, 0, 0, 0, time.UTC)
	list := []settings.Setting{{Name: "for-ever"}, {Name: "later", Until: now.Add(time.Second)}}
	if err := notOver("f.yaml", list, now); err != nil {
		t.Errorf("error %v", err)
	}
	err := notOver("f.yaml", append(list, settings.Setting{Name: "old", Until: now}), now)
	if want := "f.yaml: setting old would end at 2026-11-29T16:00:00Z, which is over"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
