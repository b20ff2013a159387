package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/sekisho/sekisho/internal/firewall"
)

// Client talks to one running firewall.
type Client struct {
	ID   string
	http *http.Client
}

// ErrNotRunning is returned where no firewall answers.
var ErrNotRunning = errors.New("no firewall answers")

// ErrWhich is returned where several firewalls could be meant, and one is wanted.
var ErrWhich = errors.New("which firewall?")

// NewClient makes a client for the firewall with this id; it does not connect.
func NewClient(id string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", SocketPath(id))
	}
	return &Client{ID: id, http: &http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// Status asks what the firewall is and does.
func (c *Client) Status(ctx context.Context) (firewall.Status, error) {
	var s firewall.Status
	body, err := c.do(ctx, http.MethodGet, "/v1/status", nil, nil)
	if err != nil {
		return s, err
	}
	defer body.Close()
	return s, json.NewDecoder(body).Decode(&s)
}

// Apply replaces the policy. The file's name is for messages.
func (c *Client) Apply(ctx context.Context, file string, text []byte) (Applied, error) {
	var a Applied
	body, err := c.do(ctx, http.MethodPut, "/v1/policy", url.Values{"file": {file}}, bytes.NewReader(text))
	if err != nil {
		return a, err
	}
	defer body.Close()
	return a, json.NewDecoder(body).Decode(&a)
}

// Policy returns the policy in force, as YAML.
func (c *Client) Policy(ctx context.Context) ([]byte, error) { return c.text(ctx, "/v1/policy") }

// Ruleset returns the nftables text in force.
func (c *Client) Ruleset(ctx context.Context) ([]byte, error) { return c.text(ctx, "/v1/ruleset") }

func (c *Client) text(ctx context.Context, path string) ([]byte, error) {
	body, err := c.do(ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// Trace calls line for each line of the stream, without its newline, until the
// stream or the context ends or line returns an error. ready, if not nil, is
// called once the stream is open: from then on nothing is missed.
func (c *Client) Trace(ctx context.Context, o TraceOptions, ready func(), line func([]byte) error) error {
	return c.lines(ctx, "/v1/trace", o.query(), ready, line)
}

func (c *Client) lines(ctx context.Context, path string, query url.Values, ready func(), line func([]byte) error) error {
	body, err := c.do(ctx, http.MethodGet, path, query, nil)
	if err != nil {
		return err
	}
	defer body.Close()
	if ready != nil {
		ready()
	}
	scanner := bufio.NewScanner(body)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		if ctx.Err() != nil {
			break // this may be half a line
		}
		if err := line(scanner.Bytes()); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	if err := scanner.Err(); !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return errors.New("its process ended, and not by itself")
}

func (c *Client) do(ctx context.Context, method, path string, query url.Values, body io.Reader) (io.ReadCloser, error) {
	u := url.URL{Scheme: "http", Host: "sekisho", Path: path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
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
	var f failure
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&f); err != nil || f.Error == "" {
		return nil, fmt.Errorf("firewall %s answered %s", c.ID, resp.Status)
	}
	return nil, errors.New(f.Error)
}

func (c *Client) explain(err error) error {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "dial" {
		return err
	}
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("the control socket of %s is not yours to open: run the command with sudo, or join the group %s", c.ID, group)
	}
	return fmt.Errorf("%w on %s", ErrNotRunning, SocketPath(c.ID))
}

// answerTime is how long a firewall may take to say what it is.
const answerTime = 5 * time.Second

// Running lists the firewalls of this host that answer, by id. Sockets that
// nobody answers on are passed over. The error is about those that were asked and
// did not answer; the list is right all the same.
func Running(ctx context.Context) ([]firewall.Status, error) {
	var clients []*Client
	for _, id := range IDs() {
		clients = append(clients, NewClient(id))
	}
	return ask(ctx, clients, answerTime)
}

// IDs are those of the sockets of this host, whether somebody answers there or not.
func IDs() (ids []string) {
	paths, _ := filepath.Glob(SocketPath("*")) // only a bad pattern is an error
	for _, path := range paths {
		ids = append(ids, strings.TrimSuffix(filepath.Base(path), ".sock"))
	}
	slices.Sort(ids)
	return ids
}

// ask asks all of them at once, so that one that hangs holds up no other.
func ask(ctx context.Context, clients []*Client, wait time.Duration) (running []firewall.Status, err error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	answers, errs := make([]firewall.Status, len(clients)), make([]error, len(clients))
	var all sync.WaitGroup
	for i, c := range clients {
		all.Go(func() { answers[i], errs[i] = c.Status(ctx) })
	}
	all.Wait()
	for i, problem := range errs {
		switch {
		case problem == nil:
			running = append(running, answers[i])
		case errors.Is(problem, ErrNotRunning) || errors.Is(problem, syscall.ECONNRESET) || errors.Is(problem, io.EOF):
			// or it ended just now
		case errors.Is(problem, context.DeadlineExceeded):
			err = errors.Join(err, fmt.Errorf("%s does not answer within %v: its process hangs, or was stopped", clients[i].ID, wait))
		default:
			err = errors.Join(err, problem)
		}
	}
	return running, err
}

// Find returns the running firewalls that one of the names means: an id, or a
// name. No names means all. A name that none has is an error that lists those
// there are. That one does not answer is an error unless others were named; those
// that do are returned with it.
func Find(ctx context.Context, names []string) ([]firewall.Status, error) {
	running, err := Running(ctx)
	if len(running) == 0 && err == nil {
		err = fmt.Errorf("%w: start one with \"sekisho run -c FILE\" or \"sekisho lab up TOPOLOGY\"", ErrNotRunning)
	}
	if len(running) == 0 || len(names) == 0 {
		return running, err
	}
	var found []firewall.Status
	for _, name := range names {
		matches := named(running, name)
		if len(matches) == 0 {
			return nil, errors.Join(fmt.Errorf("no running firewall is called %q: there is %s", name, ids(running)), err)
		}
		for _, m := range matches {
			if !slices.ContainsFunc(found, func(s firewall.Status) bool { return s.ID == m.ID }) {
				found = append(found, m)
			}
		}
	}
	return found, nil
}

// FindOne is Find for exactly one firewall; an empty name means the only one.
func FindOne(ctx context.Context, name string) (firewall.Status, error) {
	var names []string
	if name != "" {
		names = []string{name}
	}
	found, err := Find(ctx, names)
	if err != nil {
		return firewall.Status{}, err
	}
	if len(found) > 1 {
		return firewall.Status{}, fmt.Errorf("%w Say --firewall with one of: %s", ErrWhich, ids(found))
	}
	return found[0], nil
}

func named(running []firewall.Status, name string) []firewall.Status {
	var out []firewall.Status
	for _, s := range running {
		if s.ID == name {
			return []firewall.Status{s}
		}
		if s.Name == name {
			out = append(out, s)
		}
	}
	return out
}

func ids(running []firewall.Status) string {
	list := make([]string, len(running))
	for i, s := range running {
		list[i] = s.ID
	}
	return strings.Join(list, ", ")
}
