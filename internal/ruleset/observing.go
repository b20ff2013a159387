package ruleset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
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

// Observation is a table that lives as long as this process, at most.
type Observation struct {
	nft   *exec.Cmd
	stdin io.Closer
}

// observeReady is how long nft may take.
const observeReady = 5 * time.Second

// Observe adds the table, in the calling thread's network namespace. The
// caller must Close it; where the process dies before, the kernel does.
func Observe(ctx context.Context, m Marks) (*Observation, error) {
	if _, err := exec.LookPath("nft"); err != nil {
		return nil, ErrNoNft
	}
	// Not bound to the context: it ends when its standard input does.
	cmd := exec.Command("nft", "-i")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("run nft: %w", err)
	}
	o := &Observation{nft: cmd, stdin: stdin}
	if _, err := fmt.Fprintf(stdin, observeScript, observeTable, hex(m.Handshake()), hex(^m.Handshake())); err != nil {
		return nil, errors.Join(err, o.Close())
	}
	if err := o.await(ctx); err != nil {
		err = errors.Join(err, o.Close())
		return nil, fmt.Errorf("add table inet %s: %w\n%s", observeTable, err, firstLines(said.String(), 3))
	}
	return o, nil
}

// await looks for the last rule: nft tells nothing when all went well.
func (o *Observation) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, observeReady)
	defer cancel()
	for {
		out, err := exec.CommandContext(ctx, "nft", "list", "table", "inet", observeTable).Output()
		if err == nil && strings.Contains(string(out), "!= 0x00000000 ct mark set") {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.New("nft did not do it in time")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

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

// Close removes the table. The bit of the connections that are open stays; see
// [ClearBit].
func (o *Observation) Close() error {
	if err := o.stdin.Close(); err != nil {
		return err
	}
	// Its exit code tells nothing: the end of its input is how it ends.
	_ = o.nft.Wait()
	return nil
}
