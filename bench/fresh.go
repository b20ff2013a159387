package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/workspace"
)

// fresh is a firewall, a workspace that takes its segments, and when each
// connection's SYN was sent, by the client's port.
type fresh struct {
	v      *variant
	client *workspace.Client
	api    *http.Client // on the same socket

	mu   sync.Mutex
	sent map[int64]time.Time
}

// Fresh measures how long it takes from a packet until a query sees its row:
// where the workspace is just asked; where the firewall is asked first to close its
// segment, as commands do; and over an API, where the workspace asks it.
func Fresh(ctx context.Context, f *figures, window time.Duration) (err error) {
	r, err := newRange(ctx, []*variant{{name: "fresh", trace: true, settings: `{"revision": 1, "settings": [{"name": "s", "workspace": true}]}`}})
	defer func() {
		if closeErr := r.close(); err == nil {
			err = closeErr
		}
	}()
	if err != nil {
		return err
	}
	b := &fresh{v: r.variants[0], sent: map[int64]time.Time{}}
	if err := r.startWorkspace(ctx, b); err != nil {
		return err
	}
	parts := map[string][]float64{}
	for range freshRounds {
		seen, err := b.watch(ctx, 5*window)
		if err != nil {
			return err
		}
		asked, err := b.oneByOne(ctx, 30, b.askFirst)
		if err != nil {
			return err
		}
		api, err := b.oneByOne(ctx, 30, b.askAPI)
		if err != nil {
			return err
		}
		for kind, list := range map[string][]float64{"": seen, "asked_": asked, "api_": api} {
			for _, percent := range []int{50, 99} {
				name := fmt.Sprint(kind, "p", percent)
				parts[name] = append(parts[name], part100(list, percent))
			}
		}
	}
	for _, name := range []string{"p50", "p99", "asked_p50", "asked_p99", "api_p50", "api_p99"} {
		fig := figure{Name: "packet_to_row_" + name, Unit: "ms", Better: "lower", Aim: 1000, Against: "new connections at random moments, no other load"}
		switch {
		case strings.HasPrefix(name, "asked"):
			fig.Aim, fig.Against = nil, "the firewall closes its segment first, as for commands"
		case strings.HasPrefix(name, "api"):
			fig.Aim, fig.Against = nil, "Log Analytics' API, with one query after the other"
		}
		if err := f.spread(fig, parts[name]); err != nil {
			return err
		}
	}
	return nil
}

const freshRounds = 5

// startWorkspace runs the real thing beside the firewall.
func (r *firingRange) startWorkspace(ctx context.Context, b *fresh) error {
	socket := filepath.Join(r.folder, "ws.sock")
	text := fmt.Sprintf("name: bench\nfolder: workspace\nspools: [%s]\nlisten: {socket: %s}\n", filepath.Join(b.v.fd, "segments"), socket)
	file := filepath.Join(r.folder, "workspace.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(r.folder, "sekisho"), "workspace", "-c", file)
	said, err := os.Create(filepath.Join(r.folder, "workspace.log"))
	if err != nil {
		return err
	}
	defer said.Close()
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		return err
	}
	b.v.processes = append(b.v.processes, cmd)
	b.client = workspace.NewClient(socket)
	b.api = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, err := b.client.Status(ctx); err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// connect makes a connection and ends it, and remembers when it began.
func (b *fresh) connect() (port int64, err error) {
	err = inside(b.v.client, func() error {
		begin := time.Now()
		c, err := net.DialTimeout("tcp4", fmt.Sprintf("%s:%d", serverAddress, firstPort+rand.IntN(ports)), 5*time.Second)
		if err != nil {
			return err
		}
		port = int64(c.LocalAddr().(*net.TCPAddr).Port)
		b.mu.Lock()
		b.sent[port] = begin
		b.mu.Unlock()
		return c.Close()
	})
	return port, err
}

// watch makes connections at random moments, asks for rows all the time, and
// gives the milliseconds from each connection to its row.
func (b *fresh) watch(ctx context.Context, window time.Duration) ([]float64, error) {
	begin := time.Now()
	b.sent = map[int64]time.Time{} // of this window alone
	var connecting error
	made := make(chan struct{})
	go func() {
		defer close(made)
		for connecting == nil && time.Since(begin) < window {
			_, connecting = b.connect()
			time.Sleep(rand.N(40 * time.Millisecond))
		}
	}()
	took := map[int64]float64{}
	for end := begin.Add(window + 5*time.Second); time.Now().Before(end); {
		if err := b.look(ctx, begin, took); err != nil {
			return nil, err
		}
		select {
		case <-made:
			if connecting != nil {
				return nil, connecting
			}
			if len(took) == len(b.sent) {
				return values(took), nil
			}
		default:
		}
	}
	return nil, fmt.Errorf("only %d of %d connections have rows", len(took), len(b.sent))
}

// look asks for all rows of SYNs and notes those that were not seen before.
func (b *fresh) look(ctx context.Context, since time.Time, took map[int64]float64) error {
	a, err := b.client.Query(ctx, store.Query{Text: "AZFWFlowTrace | where Flag == 'SYN' | project tolong(SourcePort)", Scope: store.Scope{From: since}})
	if err != nil {
		return err
	}
	rows, err := result.Read(a.Rows)
	if err != nil {
		return err
	}
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, row := range rows.Data {
		port, _ := row[0].(int64)
		if _, known := took[port]; known || b.sent[port].IsZero() {
			continue // it is noted with the next look, if it was sent just now
		}
		took[port] = float64(now.Sub(b.sent[port]).Microseconds()) / 1000
	}
	return nil
}

// askFirst asks as commands do.
func (b *fresh) askFirst(ctx context.Context, since time.Time, _ int64, took map[int64]float64) error {
	return errors.Join(control.NewClient(b.v.fd).Flush(ctx), b.client.Ingest(ctx), b.look(ctx, since, took))
}

// askAPI asks for the row of one port as Log Analytics' clients do.
func (b *fresh) askAPI(ctx context.Context, since time.Time, port int64, took map[int64]float64) error {
	query := fmt.Sprintf("AZFWFlowTrace | where Flag == 'SYN' and SourcePort == %d and TimeGenerated > datetime(%s) | count", port, since.UTC().Format(time.RFC3339Nano))
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost/v1/workspaces/bench/query", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := b.api.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var answer struct {
		Tables []struct{ Rows [][]int64 }
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the API of Log Analytics answers %s: %w", resp.Status, err)
	}
	if len(answer.Tables) > 0 && answer.Tables[0].Rows[0][0] > 0 {
		took[port] = 1 // whoever asks looks at the clock
	}
	return nil
}

// oneByOne makes one connection after the other, and asks until its row is there.
func (b *fresh) oneByOne(ctx context.Context, n int, ask func(ctx context.Context, since time.Time, port int64, took map[int64]float64) error) ([]float64, error) {
	var out []float64
	for range n {
		time.Sleep(rand.N(300 * time.Millisecond))
		begin := time.Now()
		port, err := b.connect()
		if err != nil {
			return nil, err
		}
		for took := map[int64]float64{}; took[port] == 0; {
			if err := ask(ctx, begin.Add(-time.Second), port, took); err != nil {
				return nil, err
			}
			if time.Since(begin) > 10*time.Second {
				return nil, errors.New("a connection has no row")
			}
		}
		out = append(out, float64(time.Since(begin).Microseconds())/1000)
	}
	return out, nil
}

func values(m map[int64]float64) []float64 {
	var out []float64
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

// part100 is the value below which that many of a hundred lie.
func part100(list []float64, percent int) float64 {
	slices.Sort(list)
	return list[min(len(list)-1, len(list)*percent/100)]
}
