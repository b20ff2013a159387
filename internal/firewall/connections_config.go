package firewall

import (
	"fmt"
	"time"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/tracker"
)

// ConnectionsConfig says which connections are known, and when one is late.
type ConnectionsConfig struct {
	// Limit bounds how many are known at a time; tracker.DefaultLimit where
	// absent.
	Limit int `yaml:"limit,omitempty"`
	// StallAfter is how long a handshake may take before it is told as stuck,
	// while it hangs; tracker.DefaultStall where absent.
	StallAfter string `yaml:"stallAfter,omitempty"`
}

// leastStall is what a handshake around the world takes without harm.
const leastStall = 500 * time.Millisecond

func (c *ConnectionsConfig) check(doc *document.Document) document.Problems {
	var ps document.Problems
	if c.Limit < 0 {
		ps = append(ps, doc.Problem("connections.limit", fmt.Sprint(c.Limit), "not a number of connections", fmt.Sprintf("leave it out for %d", tracker.DefaultLimit)))
	}
	if stall, err := time.ParseDuration(c.StallAfter); c.StallAfter != "" && (err != nil || stall < leastStall) {
		ps = append(ps, doc.Problem("connections.stallAfter", c.StallAfter, fmt.Sprintf("not a duration of %v or more", leastStall), "for example: stallAfter: 3s"))
	}
	return ps
}

// stall is StallAfter, once it is checked; 0 where absent.
func (c *ConnectionsConfig) stall() time.Duration {
	d, _ := time.ParseDuration(c.StallAfter)
	return d
}
