package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/segment"
)

// The hosts of whom many connections are, a few at a time.
const (
	manyClients = 200
	manyServers = 40
	spreadFor   = 20 * time.Second
)

// servedPorts are those of one server after the other.
var servedPorts = []int{443, 443, 22, 3389, 1433}

// Packets measures what a row of flow trace takes that comes from packets: of 200
// clients that connect to 40 servers at random moments, a thousand times a second,
// through a real firewall. Ports and sequence numbers are the kernel's choice.
func Packets(ctx context.Context, f *figures) (err error) {
	r, err := newRange(ctx, []*variant{{name: "packets", trace: true, settings: `{"revision": 1, "settings": [{"name": "s", "workspace": true}]}`}})
	defer func() {
		if closeErr := r.close(); err == nil {
			err = closeErr
		}
	}()
	if err != nil {
		return err
	}
	v := r.variants[0]
	if err := v.addHosts(); err != nil {
		return err
	}
	if err := v.serve("servers"); err != nil {
		return err
	}
	_, connections, err := v.measure("spread", spreadFor)
	if err != nil {
		return err
	}
	if err := control.NewClient(v.fd).Flush(ctx); err != nil {
		return err
	}
	return r.packetSizes(ctx, f, connections)
}

// packetSizes takes the firewall's segments as a workspace does, and merges them
// as if their day were over.
func (r *firingRange) packetSizes(ctx context.Context, f *figures, connections int) error {
	dayAfter := func() time.Time { return time.Now().AddDate(0, 0, 2) }
	store, err := segment.OpenFolder(filepath.Join(r.folder, "store"), segment.Options{Now: dayAfter})
	if err != nil {
		return err
	}
	defer store.Close()
	before, err := bytesOfTrace(store, func() error {
		return filepath.WalkDir(filepath.Join(r.folder, r.variants[0].fd, "segments"), func(path string, _ fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == segment.Ext {
				_, err = store.Take(path)
			}
			return err
		})
	})
	if err != nil {
		return err
	}
	merged, err := bytesOfTrace(store, func() error { return store.Merge(ctx) })
	against := fmt.Sprintf("packets of %d connections of %d clients to %d servers", connections, manyClients, manyServers)
	return errors.Join(err,
		f.add(figure{Name: "packet_row_bytes", Value: before, Unit: "bytes/row", Better: "lower", Against: against}),
		f.add(figure{Name: "packet_row_bytes_merged", Value: merged, Unit: "bytes/row", Aim: 7, Better: "lower", Against: against}))
}

// addHosts gives both ends more addresses.
func (v *variant) addHosts() error {
	add := func(n int, address func(int) net.IP) error {
		l, err := netlink.LinkByName("eth0")
		for i := 0; err == nil && i < n; i++ {
			err = netlink.AddrAdd(l, &netlink.Addr{IPNet: &net.IPNet{IP: address(i), Mask: net.CIDRMask(24, 32)}})
		}
		return err
	}
	return errors.Join(
		inside(v.client, func() error { return add(manyClients, clientAddress) }),
		inside(v.server, func() error { return add(manyServers, manyAddress) }))
}

func clientAddress(i int) net.IP { return net.IPv4(10, 9, 1, byte(20+i)) }
func manyAddress(i int) net.IP   { return net.IPv4(10, 9, 2, byte(20+i)) }

// serveMany answers at all addresses, at the ports that are known.
func serveMany() error {
	var listeners []net.Listener
	for _, port := range slices.Compact(slices.Sorted(slices.Values(servedPorts))) {
		l, err := net.Listen("tcp4", fmt.Sprintf(":%d", port))
		if err != nil {
			return err
		}
		listeners = append(listeners, l)
	}
	return answer(listeners)
}

// spread opens connections at random moments, a thousand a second: some
// clients and servers have more of them than others, half of them last less than
// 150 ms. It prints what connectFor does.
func spread(window time.Duration) error {
	random := rand.New(rand.NewPCG(1, 2))
	var wg sync.WaitGroup
	failures := make(chan error, 1)
	done, start := 0, time.Now()
	for next := start; time.Since(start) < window && len(failures) == 0; done++ {
		next = next.Add(time.Duration(random.ExpFloat64() * float64(time.Millisecond)))
		time.Sleep(time.Until(next))
		client, server := int(random.ExpFloat64()*40)%manyClients, int(random.ExpFloat64()*10)%manyServers
		lasts := time.Duration(math.Min(math.Exp(random.NormFloat64()*1.5)*150e6, 5e9))
		wg.Go(func() {
			if err := connectFrom(client, server, lasts); err != nil {
				select {
				case failures <- err:
				default:
				}
			}
		})
	}
	wg.Wait()
	if len(failures) > 0 {
		return <-failures
	}
	fmt.Println(float64(done)/time.Since(start).Seconds(), done)
	return nil
}

func connectFrom(client, server int, lasts time.Duration) error {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: clientAddress(client)}, Timeout: 5 * time.Second}
	c, err := dialer.Dial("tcp4", (&net.TCPAddr{IP: manyAddress(server), Port: servedPorts[server%len(servedPorts)]}).String())
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Write([]byte{1}); err != nil {
		return err
	}
	time.Sleep(lasts)
	_, err = c.Read(make([]byte, 1))
	return err
}
