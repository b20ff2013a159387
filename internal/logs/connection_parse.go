package logs

import (
	"fmt"

	"github.com/sekisho/sekisho/internal/flow"
)

// ParseConnection makes the connection of a row of [Connection], one that was
// read back or one that was just made: what works on connections works on rows.
// The error names the column.
//
// Times are whole microseconds, Idle and Timeout whole milliseconds, and
// of packets the host dropped there is no ICMP type: those are TCP's.
func ParseConnection(e Entry) (flow.Connection, error) {
	var c flow.Connection
	if e.Table() != Connection {
		return c, fmt.Errorf("parse connection: the row is of the table %s", e.Table().Name)
	}
	c.Told = e.Time()
	prepareParts(&c, e)
	for _, f := range connectionFields {
		value := e.Get(f.column.Name)
		if value == nil || f.put == nil {
			continue
		}
		if err := f.put(&c, value); err != nil {
			return c, fmt.Errorf("parse connection: column %s: %w", f.column.Name, err)
		}
	}
	finishTuples(&c)
	return c, nil
}

// prepareParts makes the parts that few connections have, where the row has a
// value of theirs.
func prepareParts(c *flow.Connection, e Entry) {
	if e.Get("InvalidTime") != nil {
		c.Invalid = &flow.InvalidPacket{}
	}
	if e.Get("IcmpTime") != nil {
		c.ICMP = &flow.ICMPNote{}
	}
	if e.Get("DropTime") != nil {
		c.Drop = &flow.Drop{}
	}
	if e.Get("ClientPackets") != nil {
		c.Counters = &flow.Counters{}
	}
	c.UnackedKnown = e.Get("UnackedClient") != nil
}

// finishTuples gives the tuples beside the original one their protocol.
func finishTuples(c *flow.Connection) {
	if c.Translated.IsValid() {
		c.Translated.Protocol = c.Tuple.Protocol
	}
	if c.Drop != nil && c.Drop.Tuple.IsValid() {
		c.Drop.Tuple.Protocol = c.Tuple.Protocol
	}
}

// protocols are those that a connection can have.
var protocols = map[string]flow.Protocol{flow.TCP.String(): flow.TCP}

func protocolField() twoWay {
	return twoWay{
		text("Protocol", "Always TCP.", func(r *connectionRow) string { return r.Tuple.Protocol.String() }),
		func(c *flow.Connection, value any) error {
			name, err := as[string](value)
			protocol, ok := protocols[name]
			if err == nil && !ok {
				err = fmt.Errorf("%q has no connections: only TCP", name)
			}
			c.Tuple.Protocol = protocol
			return err
		},
	}
}

func actionField() twoWay {
	actions := map[string]flow.Action{flow.Allow.String(): flow.Allow, flow.Deny.String(): flow.Deny}
	return twoWay{
		word("Action", "What the policy decided: Allow or Deny; absent where it was not asked.",
			func(r *connectionRow) string { return r.Decision.Action.String() }),
		func(c *flow.Connection, value any) error {
			name, err := as[string](value)
			action, ok := actions[name]
			if err == nil && !ok {
				err = fmt.Errorf("%q is neither Allow nor Deny", name)
			}
			c.Decision.Action = action
			return err
		},
	}
}
