package scenario

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/sekisho/sekisho/internal/lab"
)

// Inject sends a TCP segment made by hand: into an open connection, with its
// real ports and sequence numbers, or from scratch.
type Inject struct {
	// On is the open connection. The segment is sent from that side's node and
	// in its name.
	On   string `yaml:"on,omitempty"`
	Side side   `yaml:"side,omitempty"` // client where absent
	// Seq is added to the number of what that side would send next, Ack to that
	// of what it expects next; without a connection they are the numbers.
	Seq int64 `yaml:"seq,omitempty"`
	Ack int64 `yaml:"ack,omitempty"`

	// The rest of the addresses is for a segment from scratch. Name is what
	// later steps call it.
	Name      string `yaml:"name,omitempty"`
	From      string `yaml:"from,omitempty"`
	To        string `yaml:"to,omitempty"` // a node's name or an address
	Port      uint16 `yaml:"port,omitempty"`
	LocalPort uint16 `yaml:"localPort,omitempty"`
	// Count above 1 sends so many segments, each from another port: LocalPort
	// and those above it, and then with the next destination port.
	Count int `yaml:"count,omitempty"`

	// Flags as in "SYN|ACK"; empty is none at all.
	Flags string `yaml:"flags,omitempty"`
	Bytes int    `yaml:"bytes,omitempty"`
	TTL   uint8  `yaml:"ttl,omitempty"` // 64 where absent
	// BadChecksum spoils the TCP checksum; Cut leaves so many bytes of the TCP
	// header, and nothing after them.
	BadChecksum bool `yaml:"badChecksum,omitempty"`
	Cut         int  `yaml:"cut,omitempty"`
}

func (s *Inject) checks() bool { return false }

func (s *Inject) what() string {
	flags := s.Flags
	if flags == "" {
		flags = "a segment without flags"
	}
	if s.On != "" {
		return fmt.Sprintf("inject %s into %q as the %s", flags, s.On, s.Side.name())
	}
	text := fmt.Sprintf("inject %s from %s to %s port %d", flags, s.From, s.To, s.Port)
	if s.Count > 1 {
		text += fmt.Sprintf(", %d times", s.Count)
	}
	return text
}

func (s *Inject) check(c *checker, path string) {
	if _, err := lab.ParseTCPFlags(s.Flags); err != nil {
		c.add(path+".flags", s.Flags, err.Error(), `for example: "SYN|ACK"`)
	}
	if s.Cut < 0 || s.Cut > 20 {
		c.add(path+".cut", fmt.Sprint(s.Cut), "a TCP header has 20 bytes", "from 1 to 19")
	}
	if s.On != "" {
		c.named(s.On, path+".on")
		c.side(s.Side, path+".side")
		if s.From != "" || s.To != "" || s.Port != 0 || s.LocalPort != 0 || s.Count > 1 {
			c.add(path, "", "a segment of an open connection has that one's addresses", "either on, or from, to, port and localPort")
		}
		return
	}
	if s.Name != "" {
		c.newName(s.Name, path+".name")
	}
	c.node(s.From, path+".from")
	c.target(s.To, path+".to", false)
	if s.Port == 0 || s.LocalPort == 0 {
		c.add(path, "", "a segment from scratch needs port and localPort", "for example: port: 7, localPort: 30000")
	}
}

func (s *Inject) do(ctx context.Context, r *Runner) (string, error) {
	segment := lab.Segment{Seq: uint32(s.Seq), Ack: uint32(s.Ack), Bytes: s.Bytes, TTL: s.TTL, BadChecksum: s.BadChecksum, Cut: s.Cut}
	var err error
	if segment.Flags, err = lab.ParseTCPFlags(s.Flags); err != nil {
		return "", err
	}
	from := s.From
	if s.On != "" {
		from, err = s.place(ctx, r, &segment)
	} else {
		err = s.begin(r, &segment)
	}
	if err != nil {
		return "", err
	}
	return "", r.Lab.Inject(ctx, from, segment, max(s.Count, 1))
}

// place gives the segment its place in an open connection, and says from where
// it is sent.
func (s *Inject) place(ctx context.Context, r *Runner, segment *lab.Segment) (from string, err error) {
	end, _, err := r.ends(ctx, s.On, s.Side)
	if err != nil {
		return "", err
	}
	numbers, err := end.Numbers()
	if err != nil {
		return "", err
	}
	segment.Source, segment.Dest = end.Local, end.Remote
	segment.Seq += numbers.Next
	segment.Ack += numbers.Expected
	if s.Side == server {
		return r.last.to, nil
	}
	return r.last.from, nil
}

// begin makes the segment the beginning of an attempt.
func (s *Inject) begin(r *Runner, segment *lab.Segment) error {
	a, err := r.begin(s.Name, s.From, s.To, s.Port)
	if err != nil {
		return err
	}
	r.uses(a, withPort(a.client, s.LocalPort))
	segment.Source, segment.Dest = a.client, a.server
	return nil
}

func withPort(a netip.AddrPort, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr(), port)
}
