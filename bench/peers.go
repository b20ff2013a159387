package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// peer is what others would use for the same purpose, beside the same rules.
type peer struct {
	// rules are nftables' and come beside the firewall's.
	rules string
	// command is given the file that it is to write to.
	command func(folder, output string) (*exec.Cmd, error)
}

// ulogd2 writes what nftables logs of each TCP packet that opens or ends
// something as JSON: packages ulogd2 and ulogd2-json.
var ulogd2 = &peer{
	rules: `table inet peer {
  chain forward {
    type filter hook forward priority 10; policy accept;
    tcp flags & (syn | fin | rst) != 0 log prefix "trace" group 5
  }
}`,
	command: func(folder, output string) (*exec.Cmd, error) {
		plugins, err := filepath.Glob("/usr/lib/*/ulogd")
		if err != nil || len(plugins) == 0 {
			return nil, errors.New("ulogd2's plugins are missing: install the packages ulogd2 and ulogd2-json")
		}
		var config strings.Builder
		fmt.Fprintf(&config, "[global]\nlogfile=%q\nloglevel=5\n", output+".log")
		for _, name := range []string{"inppkt_NFLOG", "raw2packet_BASE", "filter_IFINDEX", "filter_IP2STR", "output_JSON"} {
			fmt.Fprintf(&config, "plugin=%q\n", filepath.Join(plugins[0], "ulogd_"+name+".so"))
		}
		// Messages are passed on in bunches: the kindest setting to it.
		fmt.Fprintf(&config, "stack=log1:NFLOG,base1:BASE,ifi1:IFINDEX,ip2str1:IP2STR,json1:JSON\n"+
			"[log1]\ngroup=5\nnetlink_socket_buffer_size=16777216\nnetlink_socket_buffer_maxsize=67108864\nnetlink_qthreshold=32\nnetlink_qtimeout=10\n"+
			"[json1]\nsync=0\nfile=%q\n", output)
		name := filepath.Join(folder, "ulogd.conf")
		return exec.Command("ulogd", "-c", name), os.WriteFile(name, []byte(config.String()), 0o600)
	},
}

// conntrackEvents prints what connection tracking tells of new, changed and
// ended entries: package conntrack.
var conntrackEvents = &peer{
	command: func(_, output string) (*exec.Cmd, error) {
		cmd := exec.Command("conntrack", "-E", "-p", "tcp", "-o", "timestamp,extended", "-b", "16777216")
		file, err := os.Create(output)
		cmd.Stdout = file
		return cmd, err
	},
}

// startPeer runs a peer in the variant's firewall, and waits until it listens.
func (r *firingRange) startPeer(v *variant) error {
	v.output = filepath.Join(r.folder, v.name+".out")
	cmd, err := v.peer.command(r.folder, v.output)
	if err != nil {
		return err
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	err = inside(v.firewall, func() error {
		if v.peer.rules != "" {
			nft := exec.Command("nft", "-f", "-")
			nft.Stdin = strings.NewReader(v.peer.rules)
			if out, err := nft.CombinedOutput(); err != nil {
				return fmt.Errorf("load rules: %w: %s", err, out)
			}
		}
		return cmd.Start()
	})
	if err != nil {
		return err
	}
	v.processes = append(v.processes, cmd)
	time.Sleep(500 * time.Millisecond)
	if err := cmd.Process.Signal(syscall.Signal(0)); err != nil {
		return fmt.Errorf("%s ended at once: %s", v.name, said.String())
	}
	return nil
}

// written is how many lines a peer wrote, and how many bytes each has.
func (v *variant) written() (lines int, size float64, err error) {
	data, err := os.ReadFile(v.output)
	if err != nil {
		return 0, 0, err
	}
	lines = bytes.Count(data, []byte("\n"))
	return lines, float64(len(data)) / float64(max(lines, 1)), nil
}
