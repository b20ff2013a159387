package capture

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/flow"
)

// findPredecessors opens what other programs of this firewall have pinned: of
// an earlier version, or with other marks or ring sizes, or in a namespace
// that has lost its name.
func (r *Recorder) findPredecessors() error {
	if r.config.PinPath == "" {
		return nil
	}
	entries, err := os.ReadDir(r.config.PinPath)
	if err != nil {
		return fmt.Errorf("look for earlier recorders: %w", err)
	}
	epochs := map[*set]uint64{}
	for _, e := range entries {
		folder := filepath.Join(r.config.PinPath, e.Name())
		if folder == r.set.folder || !e.IsDir() {
			continue
		}
		s, err := openSet(folder)
		if err != nil {
			return err
		}
		r.old = append(r.old, s)
		if epochs[s], err = s.epoch(); err != nil {
			return err
		}
	}
	slices.SortStableFunc(r.old, func(a, b *set) int { return int(int64(epochs[a]) - int64(epochs[b])) })
	return nil
}

// sets are all that there are, the oldest first.
func (r *Recorder) sets() []*set { return append(slices.Clone(r.old), r.set) }

// succeed takes the place of earlier programs so that no packet is missed, and
// none recorded twice:
//
//  1. What they have recorded is read, while they record on.
//  2. Our program is attached beside them, at another priority. From then on
//     every packet is seen by it.
//  3. They are detached. When the last of their runs is over, what is left in
//     their rings is final, and nobody has read our rings yet.
//  4. What is in both is left out of theirs; the rest goes before ours.
//
// A process that is killed on the way leaves it to the next, which finds the
// same things pinned.
func (r *Recorder) succeed(deliver func([]flow.Event)) error {
	if len(r.old) == 0 {
		return nil
	}
	if err := r.joinPredecessors(deliver); err != nil {
		return err
	}
	return r.replacePredecessors()
}

// joinPredecessors are the first two steps. Where a process was killed after the
// second, both programs have seen what is left in the predecessors' rings, or a
// part of it: none of it may be read without looking for it in ours.
func (r *Recorder) joinPredecessors(deliver func([]flow.Event)) error {
	if len(r.set.links) == 0 {
		if err := r.readOut(deliver); err != nil {
			return err
		}
	}
	last, err := r.old[len(r.old)-1].epoch()
	if err != nil {
		return err
	}
	if err := r.set.begin(last + 1); err != nil {
		return err
	}
	if err := r.attach(); err != nil {
		return explain(err)
	}
	return r.findUnknown()
}

// replacePredecessors are the last two.
func (r *Recorder) replacePredecessors() error {
	for _, s := range r.old {
		if err := s.detach(); err != nil {
			return err
		}
	}
	awaitPrograms()
	return r.finish()
}

// readOut reads the rings of the predecessors until little is left in them.
func (r *Recorder) readOut(deliver func([]flow.Event)) error {
	readable := slices.DeleteFunc(slices.Clone(r.old), func(s *set) bool { return !s.layout.known() })
	for {
		more, err := r.turnOf(readable, false, deliver)
		if err != nil {
			return err
		}
		if r.holding() { // what is left in the end is one record of the journal
			time.Sleep(DefaultPoll)
			continue
		}
		if !more {
			return nil
		}
	}
}

// awaitPrograms returns when every run of a program that was detached before is
// over. The kernel frees hooks after an RCU grace period and does not wait for
// it; this call does (kernel/sched/membarrier.c), but on hosts with nohz_full,
// where a packet has a tenth of a second to be done.
func awaitPrograms() {
	const global = 1 // MEMBARRIER_CMD_GLOBAL of linux/membarrier.h
	_, _, errno := unix.Syscall(unix.SYS_MEMBARRIER, global, 0, 0)
	if errno != 0 {
		time.Sleep(100 * time.Millisecond)
	}
}

// finish ends predecessors that are detached. Where that cannot be written
// down, they stay for the next turn, and our own rings are not read.
func (r *Recorder) finish() error {
	for len(r.old) > 0 {
		if done, err := r.finishOne(r.old[0], append(slices.Clone(r.old[1:]), r.set)); err != nil || !done {
			return err
		}
		r.closing.Lock()
		s := r.old[0]
		r.old = r.old[1:]
		err := s.remove()
		r.closing.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Recorder) finishOne(s *set, later []*set) (done bool, err error) {
	if !s.layout.known() {
		r.doubts = append(r.doubts, s.unreadable())
		return true, s.carryUnknown(later[0])
	}
	regions, rings, err := peekAll([]*set{s}, everything)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(regions, func(g region) bool { return g.blocked }) {
		return false, nil // still: awaitPrograms could only guess
	}
	carried, ended := r.ended[s.key()]
	if !ended {
		if carried, err = s.tally(); err != nil {
			return false, err
		}
		if err := leaveOut(regions, later, &carried); err != nil {
			return false, err
		}
		if err := r.book.prepare(r.head); !r.book.note(err) {
			return false, nil
		}
		if !r.book.note(r.book.succession(succession{s.key(), carried, regions})) {
			return false, nil
		}
	}
	if err := r.enqueue(regions, rings); err != nil {
		return false, err
	}
	for i := range regions {
		rings[i].advance(regions[i].end())
	}
	return true, later[0].carry(carried)
}

// unreadable tells of a predecessor that is given up.
func (s *set) unreadable() error {
	waiting := 0
	for _, ring := range s.rings {
		waiting += ring.fill()
	}
	err := fmt.Errorf("%s is of layout %d, which is not known here: %d bytes of events in its rings are lost", s.folder, s.layout, waiting)
	if len(s.rings) == 0 {
		err = errors.Join(err, errors.New("it has no rings"))
	}
	return err
}
