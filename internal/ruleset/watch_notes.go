package ruleset

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// change is what the notifications of a transaction say.
type change struct {
	touched    bool      // our table
	gone       bool      // our table, when the transaction is over
	at         time.Time // when the first of them came
	generation uint32
	by         Process
	lost       bool // nothing is known but that something was not heard
}

// notes are the changes of our table that were heard of and not looked at.
type notes struct {
	heard chan struct{} // has one when there are some

	mu         sync.Mutex
	changes    []change
	generation uint32 // the newest heard of
}

func (n *notes) take() ([]change, uint32) {
	n.mu.Lock()
	defer n.mu.Unlock()
	changes := n.changes
	n.changes = nil
	return changes, n.generation
}

func (n *notes) skip(generation uint32) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.generation = generation
}

func (n *notes) add(c change) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !c.lost {
		// What was heard before a gap may be another transaction's.
		c.lost = later(c.generation, n.generation+1)
		n.generation = c.generation
	}
	if !c.touched && !c.lost {
		return
	}
	n.changes = append(n.changes, c)
	select {
	case n.heard <- struct{}{}:
	default: // there is one already
	}
}

// listen takes notes until the read deadline, and then returns nil.
func (w *Watcher) listen() error {
	var c change
	for {
		messages, err := w.news.Receive()
		switch {
		case errors.Is(err, unix.ENOBUFS):
			w.notes.add(change{lost: true})
			c = change{}
			continue
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case err != nil:
			return fmt.Errorf("listen to nftables: %w", err)
		}
		for _, m := range messages {
			if c.hear(m) {
				w.notes.add(c)
				c = change{}
			}
		}
	}
}

// hear reads one notification and says if it is the transaction's last.
func (c *change) hear(m netlink.Message) (last bool) {
	kind := m.Header.Type &^ nftables
	if kind == unix.NFT_MSG_NEWGEN {
		c.generation = uint32Of(m, unix.NFTA_GEN_ID)
		c.by = Process{int(uint32Of(m, unix.NFTA_GEN_PROC_PID)), stringOf(m, unix.NFTA_GEN_PROC_NAME)}
		return true
	}
	if isOurTable(m) {
		if !c.touched {
			c.touched, c.at = true, time.Now()
		}
		switch kind {
		case unix.NFT_MSG_NEWTABLE:
			c.gone = false
		case unix.NFT_MSG_DELTABLE, nftMsgDestroyTable:
			c.gone = true
		}
	}
	return false
}
