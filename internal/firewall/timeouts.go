package firewall

import (
	"strconv"
	"sync"
	"time"

	"github.com/sekisho/sekisho/internal/tracker"
)

// timeouts are conntrack's in force. They can be changed at any time, so they
// are read when they are needed, once a second at most.
type timeouts struct {
	mu   sync.Mutex
	at   time.Time
	last tracker.Timeouts
}

const timeoutAge = time.Second

func (t *timeouts) read() tracker.Timeouts {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); now.Sub(t.at) >= timeoutAge {
		t.at, t.last = now, readTimeouts()
	}
	return t.last
}

// readTimeouts reads the timeouts of this network namespace; Linux's default
// where one cannot be read.
func readTimeouts() tracker.Timeouts {
	out := tracker.DefaultTimeouts()
	for name, to := range map[string]*time.Duration{
		"tcpSynSent": &out.SynSent, "tcpSynReceived": &out.SynReceived, "tcpEstablished": &out.Established,
		"tcpFinWait": &out.FinWait, "tcpCloseWait": &out.CloseWait, "tcpLastAck": &out.LastAck,
		"tcpTimeWait": &out.TimeWait, "tcpClose": &out.Close,
		"tcpRetransmitted": &out.Retransmitted, "tcpUnacknowledged": &out.Unacknowledged,
	} {
		text, err := readSysctl(timeoutKeys[name])
		if err != nil {
			continue
		}
		if seconds, err := strconv.Atoi(text); err == nil {
			*to = time.Duration(seconds) * time.Second
		}
	}
	return out
}
