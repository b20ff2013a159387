package scenario

import (
	"context"
	"fmt"
	"time"

	"github.com/sekisho/sekisho/internal/lab"
)

// Await waits for a connection that is being opened in the background.
type Await struct {
	On     string      `yaml:"on"`
	Expect lab.Outcome `yaml:"expect,omitempty"` // established where absent
}

func (s *Await) checks() bool { return true }
func (s *Await) what() string { return fmt.Sprintf("await %q", s.On) }

func (s *Await) check(c *checker, path string) {
	c.named(s.On, path+".on")
	if s.Expect != "" {
		c.outcome(s.Expect, path+".expect")
	}
}

func (s *Await) do(ctx context.Context, r *Runner) (string, error) {
	a, err := r.of(s.On)
	if err == nil {
		err = a.settle(ctx)
	}
	if err != nil {
		return "", err
	}
	r.last = a
	result := a.last.result
	text := fmt.Sprintf("%s after %v", result.Outcome, result.Handshake.Round(time.Millisecond))
	if a.last.err != nil {
		return text, a.last.err
	}
	want := s.Expect
	if want == "" {
		want = lab.Established
	}
	return text, expected(result.Outcome, want)
}
