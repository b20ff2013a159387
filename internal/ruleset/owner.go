package ruleset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// owner is the nft process that owns the table of [Observe].
type owner struct {
	nft   *exec.Cmd
	stdin io.Closer
	ended chan struct{} // closed when it has ended
	said  strings.Builder
}

// newOwner adds the table.
func newOwner(ctx context.Context, m Marks) (*owner, error) {
	if _, err := exec.LookPath("nft"); err != nil {
		return nil, ErrNoNft
	}
	// Not bound to the context: it ends when its standard input does.
	o := &owner{nft: exec.Command("nft", "-i"), ended: make(chan struct{})}
	o.nft.Stdout, o.nft.Stderr = &o.said, &o.said
	// A terminal's signals are not for it: the recorder is to end before it.
	o.nft.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	stdin, err := o.nft.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := o.nft.Start(); err != nil {
		return nil, fmt.Errorf("run nft: %w", err)
	}
	o.stdin = stdin
	go func() {
		defer close(o.ended)
		_ = o.nft.Wait() // its exit code tells nothing: the end of its input is how it ends
	}()
	_, err = fmt.Fprintf(stdin, observeScript, observeTable, hex(m.Handshake()), hex(^m.Handshake()))
	if err == nil {
		err = o.await(ctx)
	}
	if err != nil {
		err = errors.Join(err, o.close())
		return nil, fmt.Errorf("add table inet %s: %w\n%s", observeTable, err, firstLines(o.said.String(), 3))
	}
	return o, nil
}

// await looks for the last rule: nft tells nothing when all went well.
func (o *owner) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, observeReady)
	defer cancel()
	for {
		text, err := listed(ctx, "list", "table", "inet", observeTable)
		if err == nil && strings.Contains(text, "!= 0x00000000 ct mark set") {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.New("nft did not do it in time")
		case <-o.ended:
			return fmt.Errorf("nft ended: %v", o.nft.ProcessState)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// close ends the process, and with it the table.
func (o *owner) close() error {
	err := o.stdin.Close()
	<-o.ended
	if errors.Is(err, fs.ErrClosed) {
		return nil // it had ended before
	}
	return err
}
