package ruleset

import (
	"context"
	"fmt"
	"time"
)

// observeTable is ours where we only look on; it decides and drops nothing.
const observeTable = "sekisho_observe"

// observeScript makes conntrack work for forwarded packets where nobody else
// has made it work, and keeps the one mark bit by which the recorder knows the
// handshake's last ACK: the rules of the chain enforce in table.go.
//
// The table has an owner, the nft process that made it: when that ends, however
// it ends, the kernel removes the table.
const observeScript = `add table inet %[1]s { flags owner; }
add chain inet %[1]s record { type filter hook forward priority 20; policy accept; }
add rule inet %[1]s record ct state invalid counter comment "invalid; not dropped here"
add rule inet %[1]s record ct mark & %[2]s == 0 ct direction original ct state established tcp flags & (fin | syn | rst | ack) == ack ct mark set ct mark | %[2]s
add rule inet %[1]s record tcp flags & (fin | syn | rst | ack) == syn | ack ct mark & %[2]s != 0 ct mark set ct mark & %[3]s
`

// observeReady is how long nft may take.
const observeReady = 5 * time.Second

// Observation is a table that lives as long as this process, at most. Its methods are
// for one goroutine at a time.
type Observation struct {
	marks Marks
	owner *owner
}

// Observe adds the table, in the calling process's network namespace. The
// caller must Close it; where the process dies before, the kernel does.
func Observe(ctx context.Context, m Marks) (*Observation, error) {
	owner, err := newOwner(ctx, m)
	if err != nil {
		return nil, err
	}
	return &Observation{m, owner}, nil
}

// Run makes the table anew whenever its owner ends before its time, as one that is
// killed, until the context ends; and then calls report. It is an error where that
// cannot be done: without the table connection tracking may not work.
func (o *Observation) Run(ctx context.Context, report func(Tampered)) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-o.owner.ended:
		}
		t := Tampered{Gone: true, From: time.Now(), Exact: true}
		if err := o.again(ctx); ctx.Err() != nil {
			return nil
		} else if err != nil {
			return fmt.Errorf("table inet %s is gone, because its nft process ended (%v): make it anew: %w", observeTable, o.owner.nft.ProcessState, err)
		}
		t.To = time.Now()
		report(t)
	}
}

// observeTries is how often the table is made anew at once: who ends every nft
// process may hit the next one too.
const observeTries = 3

func (o *Observation) again(ctx context.Context) (err error) {
	for range observeTries {
		if err = AwaitUnobserved(ctx); err != nil {
			return err
		}
		var next *owner
		if next, err = newOwner(ctx, o.marks); err == nil {
			o.owner = next
			return nil
		}
	}
	return err
}

// Close removes the table. The bit of the connections that are open stays; see
// [ClearBits].
func (o *Observation) Close() error { return o.owner.close() }

// AwaitUnobserved waits until no table of [Observe] is left: where its process was
// killed, the kernel takes a moment for it.
func AwaitUnobserved(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, observeReady)
	defer cancel()
	for {
		there, err := tableThere(ctx, observeTable)
		if err != nil || !there {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("table inet %s does not go away", observeTable)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
