package tell

import (
	"strconv"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/flow"
)

// Text is what the kernel or an ICMP error said, else the code of the reason.
func (s *subject) Text() string {
	if s.C.Packet == nil {
		return ""
	}
	if s.C.Packet.Text != "" {
		return s.C.Packet.Text
	}
	return string(s.C.Packet.Reason)
}

// Size and MSS are in bytes, as text.
func (s *subject) Size() string {
	if s.C.Packet == nil {
		return ""
	}
	return positive(s.C.Packet.Size)
}

func (s *subject) MSS() string {
	if s.C.Packet == nil {
		return ""
	}
	return positive(s.C.Packet.MSS)
}

// Port is the server's.
func (s *subject) Port() string { return positive(s.V.Server.Port) }

func positive(n uint16) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(int(n))
}

// TTLs reports whether the TTLs of an RST and of its side are known and differ.
func (s *subject) TTLs() bool {
	p := s.C.Packet
	return p != nil && p.TTL != 0 && p.SideTTL != 0 && p.TTL != p.SideTTL
}

// Reason, Hook and Interface are those of a drop.
func (s *subject) Reason() string    { return s.drop().Reason }
func (s *subject) Hook() string      { return s.drop().Hook }
func (s *subject) Interface() string { return s.drop().Interface }

func (s *subject) drop() diagnose.DropRef {
	if s.C.Drop == nil {
		return diagnose.DropRef{}
	}
	return *s.C.Drop
}

// SideName is the end of the cause's side.
func (s *subject) SideName() string {
	if s.C.Side == flow.Server {
		return s.Server()
	}
	return s.Client()
}

// HalfClosed tells an idle timeout of a connection that one side had closed.
func (s *subject) HalfClosed() bool { return s.C.Side != flow.NoSide }

// Known and Differs tell whether the topology is known, and says otherwise.
func (s *subject) Known() bool { return s.V.Predicted != nil }

func (s *subject) Differs() bool {
	for _, d := range s.V.Doubts {
		if d.Code == diagnose.PredictionDiffers {
			return true
		}
	}
	return false
}
