package workspace

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/progress"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/store"
)

// ErrNotRunning is returned where no workspace answers.
var ErrNotRunning = errors.New("no workspace answers")

// Client asks a running workspace over its socket.
type Client struct {
	socket string
	http   *http.Client
}

// NewClient makes a client of the workspace behind a socket; it does not connect.
func NewClient(socket string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	return &Client{socket: socket, http: &http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// answerTime is how long a workspace may take to say what it is.
const answerTime = 5 * time.Second

// Running finds the workspaces of this host that answer: their sockets by their
// names.
func Running(ctx context.Context) map[string]string {
	var sockets []string
	for _, dir := range runFolders() {
		list, _ := filepath.Glob(filepath.Join(dir, "*.sock")) // only a bad pattern is an error
		sockets = append(sockets, list...)
	}
	return answering(ctx, sockets, answerTime)
}

// answering asks all of them at once: one that hangs holds up no other for longer.
func answering(ctx context.Context, sockets []string, wait time.Duration) map[string]string {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	found := map[string]string{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, s := range sockets {
		all.Go(func() {
			if status, err := NewClient(s).Status(ctx); err == nil {
				mu.Lock()
				defer mu.Unlock()
				found[status.Name] = s
			}
		})
	}
	all.Wait()
	return found
}

// Status asks what the workspace is and does.
func (c *Client) Status(ctx context.Context) (s Status, err error) {
	return s, c.get(ctx, http.MethodGet, "status", nil, &s)
}

// Tables implements [Asker].
func (c *Client) Tables(ctx context.Context) (list []TableSize, err error) {
	return list, c.get(ctx, http.MethodGet, "tables", nil, &list)
}

// Ingest has the workspace take what is in its spool folders now.
func (c *Client) Ingest(ctx context.Context) error {
	return c.get(ctx, http.MethodPost, "ingest", nil, &struct{}{})
}

// Query implements [Asker].
func (c *Client) Query(ctx context.Context, q store.Query) (*kql.Answer, error) {
	asked := questionOf(q)
	asked.Progress = progress.Of(ctx) != nil
	body, err := c.do(ctx, http.MethodPost, "query", asked)
	if err != nil {
		return nil, err
	}
	r := &remoteRows{body: body, in: bufio.NewReaderSize(body, 64<<10)}
	a, err := r.open(ctx)
	if err != nil {
		return nil, errors.Join(err, body.Close())
	}
	return a, nil
}

func (c *Client) get(ctx context.Context, method, path string, in, out any) error {
	body, err := c.do(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer body.Close()
	return json.NewDecoder(body).Decode(out)
}

func (c *Client) do(ctx context.Context, method, path string, in any) (io.ReadCloser, error) {
	data, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("write question: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://sekisho"+Prefix+path, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.explain(err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	var r refusal
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&r); err != nil || r.Error == "" {
		return nil, fmt.Errorf("the workspace answered %s", resp.Status)
	}
	return nil, r.err()
}

// explain says what to do about a socket that does not answer.
func (c *Client) explain(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("open %s: permission denied\n  hint: run as root, or as a member of the group sekisho", c.socket)
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		name := strings.TrimSuffix(filepath.Base(c.socket), ".sock")
		return fmt.Errorf("%w as %s\n  hint: start it with \"sekisho workspace -c FILE\", or read a folder with --folder", ErrNotRunning, name)
	}
	return err
}

// remoteRows are the rows of a running workspace's answer.
type remoteRows struct {
	body io.ReadCloser
	in   *bufio.Reader
	cols []result.Column
}

// open reads up to the rows.
func (r *remoteRows) open(ctx context.Context) (*kql.Answer, error) {
	h, err := readHeader(r.in, progress.Of(ctx))
	if err != nil {
		return nil, err
	}
	r.cols, err = h.columns()
	return &kql.Answer{Rows: r, Render: h.Render, RenderWith: h.RenderWith}, err
}

// Columns implements [result.Rows].
func (r *remoteRows) Columns() []result.Column { return r.cols }

// Next implements [result.Rows].
func (r *remoteRows) Next() ([]any, error) {
	line, err := r.in.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("read answer: it ends too early: %w", io.ErrUnexpectedEOF)
	}
	if line[0] == '[' {
		return decodeRow(line, r.cols)
	}
	var end trailer
	if err := json.Unmarshal(line, &end); err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if end.Error != "" {
		return nil, errors.New(end.Error)
	}
	return nil, io.EOF
}

// Close implements [result.Rows].
func (r *remoteRows) Close() error { return r.body.Close() }
