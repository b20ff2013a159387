package main

import (
	"context"
	"net/netip"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// connectionsOf asks a firewall for its rows about either end of a connection,
// open ones included: behind an address translation only one of them is there.
func connectionsOf(ctx context.Context, client *control.Client, q diagnose.Question) ([]flow.Connection, error) {
	var rows []flow.Connection
	options := control.ConnectionOptions{Last: -1, Filter: flow.Filter{Hosts: hostsOf(q)}}
	err := client.Connections(ctx, options, nil, func(line []byte) error {
		r, _, err := control.ParseTraceLine(line)
		if err != nil || r.Table() != logs.Connection {
			return err
		}
		c, err := logs.ParseConnection(r)
		rows = append(rows, c)
		return err
	})
	return rows, err
}

func hostsOf(q diagnose.Question) []netip.Prefix {
	var hosts []netip.Prefix
	for _, a := range []netip.Addr{q.Source.Addr().Unmap(), q.Destination.Addr().Unmap()} {
		hosts = append(hosts, netip.PrefixFrom(a, a.BitLen()))
	}
	return hosts
}
