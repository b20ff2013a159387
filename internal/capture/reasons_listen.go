package capture

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/florianl/go-nflog/v2"
	"golang.org/x/sys/unix"
)

// Listening is a change: the recorder listens to the kernel's reasons, or does
// not any more.
type Listening struct {
	On bool
	// Count is how many texts or INVALID packets (whichever are more) came
	// within Span and turned it off, Rate the same in a second, Limit what is
	// allowed in a second.
	Count, Rate, Limit uint64
	Span               time.Duration
	// Failed is why it ended by itself; then nothing was counted. It is tried
	// again.
	Failed error
	// Err is why the socket could not be opened, which is tried again, or
	// closed.
	Err error
}

// listener is a socket at NFLOG group 0. The kernel has room for one.
type listener struct {
	socket *nflog.Nflog
	stop   context.CancelFunc
	failed atomic.Pointer[error] // why nothing is read from it any more
}

func listenReasons(limit int, counts Counts) (*reasons, error) {
	now := monotonic()
	r := &reasons{texts: map[reasonKey][]reasonText{}, pace: newPace(limit, now), counts: counts}
	l, err := r.listen()
	if err != nil {
		return nil, err
	}
	r.listener, r.since, r.until = l, monotonic(), math.MaxInt64
	return r, nil
}

func (r *reasons) listen() (*listener, error) {
	socket, err := nflog.Open(&nflog.Config{
		Group:    0,
		Copymode: nflog.CopyPacket,
		Bufsize:  96, // the longest IPv4 header, or IPv6's, and the first bytes of TCP
	})
	if err != nil {
		return nil, fmt.Errorf("open NFLOG group 0, for the kernel's reasons: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	l := &listener{socket: socket, stop: stop}
	if err := socket.RegisterWithErrorFunc(ctx, r.hear, func(err error) int { return r.fail(l, err) }); err != nil {
		stop()
		// The library hides the error number.
		if text := err.Error(); strings.HasSuffix(text, unix.EPERM.Error()) || strings.HasSuffix(text, unix.EBUSY.Error()) {
			err = fmt.Errorf("another program has it, as ulogd may (%w)", err)
		}
		return nil, errors.Join(fmt.Errorf("listen to NFLOG group 0: %w", err), socket.Close())
	}
	return l, nil
}

// fail notes lost texts and goes on listening; the socket survives ENOBUFS. After
// any other error nobody reads from it, which keepPace finds.
func (r *reasons) fail(l *listener, err error) int {
	if errors.Is(err, unix.ENOBUFS) {
		r.mu.Lock()
		r.overrun = time.Now()
		r.mu.Unlock()
		r.counts.ReasonOverruns.Add(1)
		return 0
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return 0
	}
	l.failed.Store(&err)
	return 1
}

// keepPace turns listening off or on, as what came tells: so many INVALID
// packets since it was last asked. It returns the change; nil mostly.
func (r *reasons) keepPace(now int64, invalid uint64) *Listening {
	r.mu.Lock()
	defer r.mu.Unlock()
	texts := r.heard - r.counted
	r.counted = r.heard
	r.expire()
	looked := r.looked
	r.looked = now
	if r.listener != nil {
		if failed := r.listener.failed.Load(); failed != nil {
			return r.giveUp(now, looked, *failed)
		}
	}
	if !r.pace.step(now, texts, invalid) {
		return nil
	}
	change := &Listening{On: !r.pace.on, Limit: r.pace.limit}
	if change.On {
		if change.Err = r.turnOn(); change.Err != nil {
			r.pace.wait(now)
			return change
		}
	} else {
		change.Count, change.Rate, change.Span = r.pace.count(), r.pace.rate(now), time.Duration(now-r.pace.began)
		change.Err = r.turnOff(r.pace.began)
	}
	r.pace.turn(now)
	return change
}

// giveUp ends a listener that has failed. Another one is opened as after a flood:
// when it is calm, and later where that was in vain. What came since the last turn
// may not have been heard.
func (r *reasons) giveUp(now, heard int64, failed error) *Listening {
	_ = r.end(heard - int64(reasonWait)) // it says once more what has failed
	r.pace.turn(now)
	return &Listening{Limit: r.pace.limit, Failed: failed}
}

// tendReasons is done once a turn: who wants to know is told.
func (r *Recorder) tendReasons(last bool) {
	if r.reasons == nil {
		return
	}
	change := r.reasons.keepPace(r.queue.now, r.queue.invalid)
	r.queue.invalid = 0
	if change != nil && r.config.Listening != nil {
		r.config.Listening(*change)
	}
	r.handIgnored(last)
}

// stats counts what became of texts.
func (r *reasons) stats(s *Stats) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.Listening = r.listener != nil
	s.ReasonOverruns = r.counts.ReasonOverruns.Load()
	s.Ignored, s.IgnoredLost = r.ignoredCount, r.counts.IgnoredLost.Load()
}

// begin listens again.
func (r *reasons) begin() (err error) {
	if r.listener, err = r.listen(); err != nil {
		r.listener = nil
		return err
	}
	r.since, r.until = monotonic(), math.MaxInt64
	return nil
}

// end ceases to listen. What was heard of the last moments is kept for the
// events that are on their way, but it is not all that was said.
func (r *reasons) end(until int64) error {
	l := r.listener
	r.listener, r.until = nil, until
	return l.close()
}

func (l *listener) close() error {
	l.stop()
	return l.socket.Close()
}

func (r *reasons) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.listener == nil {
		return nil
	}
	return r.end(monotonic())
}
