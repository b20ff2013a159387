package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/pcap"
)

func newImportPcapCommand() *cobra.Command {
	var o readOptions
	var firewall string
	cmd := &cobra.Command{
		Use:   "pcap FILE…|- [--firewall NAME]",
		Short: "Make connections and verdicts out of packets captured at a firewall",
		Long: `Pcap reads captures (pcap and pcapng, plain or in gzip) that were taken at the
interfaces of one firewall, and says what became of each TCP connection. All
files are one capture: several interfaces, or the pieces of a long one.

Best is a capture of all interfaces: tcpdump -i any -s 128 -w fw-a.pcap tcp or icmp.
It has each packet twice, coming in and going out. So a packet that came in and
never went out was dropped here, which is certain. A capture of one interface
cannot show that, and a filter for one direction hides the answers; both are
recognised, and the verdicts are as careful as that demands.

Which rule dropped a packet, and whether connection tracking called it INVALID,
is not in any capture. Packets that do not fit the handshake as it passed (an
ACK although no SYN-ACK came by) are shown as INVALID, and say what that rests
on.

The exit code is 1 if a file could not be read to its end (what comes before is
used), or if --diagnose finds the connection stuck.`,
		Example: `  sudo tcpdump -i any -s 128 -w fw-a.pcap tcp or icmp
  sekisho import pcap fw-a.pcap --firewall fw-a
  sekisho import pcap eth0.pcap eth1.pcap --firewall fw-a -o wide
  sekisho import pcap fw-a.pcap --firewall fw-a --topology net.yaml --diagnose "vm1 vm2:22"`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := o.selection()
			if err != nil {
				return err
			}
			packets, dropped, damaged, err := readCaptures(args)
			if err != nil {
				return err
			}
			capture := pcap.Fold(packets)
			tellCapture(capture)
			in := captureConnections(capture, s.firewallName(firewall), dropped)
			if err := s.show(cmd.OutOrStdout(), []imported{in}); err != nil {
				return err
			}
			if damaged {
				return exitError(exitFailure)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&firewall, "firewall", "firewall", "name of the firewall in rows and verdicts")
	o.add(cmd)
	return cmd
}

// readCaptures reads all files, and tells what each had: how many packets the
// captures lost, and whether a file is damaged.
func readCaptures(names []string) (packets []*pcap.Packet, dropped uint64, damaged bool, err error) {
	for _, name := range names {
		f, shown, err := openInput(name)
		if err != nil {
			return nil, 0, false, err
		}
		r := pcap.Read(shown, f, func(p *pcap.Packet) { packets = append(packets, p) })
		_ = f.Close() // it was only read
		if r.Problem != nil {
			damaged = true
			fmt.Fprintln(os.Stderr, r.Problem)
		}
		dropped += r.Dropped
		tellCaptureFile(r)
	}
	return packets, dropped, damaged, nil
}

func tellCaptureFile(r *pcap.Report) {
	if r.Format == "" {
		return
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(r.Others)) {
		parts = append(parts, fmt.Sprintf("%d %s", r.Others[name], name))
	}
	rest := ""
	if len(parts) > 0 {
		rest = "; not used: " + strings.Join(parts, ", ")
	}
	say("%s: %s, %d packets, %d used%s", r.File, r.Format, r.Packets, r.Used, rest)
	if r.Dropped > 0 {
		say("%s: the capture lost %d packets: what did not come may have been among them", r.File, r.Dropped)
	}
}

// tellCapture says what the capture can show.
func tellCapture(c *pcap.Capture) {
	if len(c.Passages) == 0 {
		return
	}
	switch {
	case !c.Answers:
		say("no connection has packets of both directions: was there a filter? That no answer came proves nothing")
	case !c.BothWays:
		say("no packet was seen coming in and going out: whether packets were dropped here is not known")
	}
	if c.Own > 0 {
		say("%d packets of the firewall's own left out", c.Own)
	}
}
