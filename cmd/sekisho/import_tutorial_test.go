package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

const azureTutorial = "../../docs/tutorial/your-azure-network-in-the-lab.md"

// tutorial plays a page of the documentation in a lab of its own.
type tutorial struct {
	t      *testing.T
	folder string
	lab    string
	output strings.Builder // since the last block of output
	asked  string          // the last command, where it only asks
	before string          // what was written before that
}

// The commands of the tutorial do what it says. Meanwhile a capture runs at the
// firewall: made into connections, it says the same as the firewall itself.
func TestAzureTutorial(t *testing.T) {
	t.Parallel()
	needRootToTest(t)
	page, err := os.ReadFile(azureTutorial)
	if err != nil {
		t.Fatal(err)
	}
	p := &tutorial{t: t, folder: t.TempDir(), lab: testLab(t, "azure")}
	blocks := regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```|^    ([^\n]*)\n").FindAllStringSubmatch(string(page), -1)
	var capture *exec.Cmd
	for _, b := range blocks {
		switch {
		case b[3] != "" && strings.HasPrefix(b[3], "sudo sekisho lab down"):
			p.compareCapture(capture)
			p.run(b[3])
		case b[3] != "":
			p.run(b[3])
			if strings.HasPrefix(b[3], "sudo sekisho lab up") {
				capture = p.capture()
			}
		case b[1] == "yaml":
			p.addRoute(b[2])
		default:
			p.expect(b[2])
		}
	}
	assertNothingLeft(t, p.lab)
}

// run runs a command line. Whether it fails is seen from its output.
func (p *tutorial) run(line string) {
	p.t.Helper()
	switch {
	case strings.HasPrefix(line, "az "):
		return
	case strings.HasPrefix(line, "cp ~/sekisho/"):
		from, _, _ := strings.Cut(strings.TrimPrefix(line, "cp ~/sekisho/"), " ")
		data, err := os.ReadFile("../../" + from)
		if err == nil {
			err = os.WriteFile(filepath.Join(p.folder, filepath.Base(from)), data, 0o644)
		}
		if err != nil {
			p.t.Fatal(err)
		}
		return
	}
	p.asked, p.before = "", p.output.String()
	if strings.HasPrefix(line, "sudo sekisho diagnose ") && !strings.Contains(line, " | ") {
		p.asked = line
	}
	var input []byte
	for part := range strings.SplitSeq(line, " | ") {
		cmd := exec.Command("sekisho", p.inLab(strings.Fields(strings.TrimPrefix(part, "sudo "))[1:])...)
		cmd.Dir, cmd.Stdin = p.folder, bytes.NewReader(input)
		cmd.Env = append(os.Environ(), "COLUMNS=100", "LC_ALL=C.UTF-8", "TZ=UTC")
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		_ = cmd.Run()
		input = out.Bytes()
	}
	p.output.WriteString(strings.ReplaceAll(string(input), p.lab, "net"))
}

// inLab adds the name of the lab, which is not the only one here.
func (p *tutorial) inLab(args []string) []string {
	switch {
	case args[0] == "lab" && args[1] == "up":
		return append(args, "--name", p.lab)
	case args[0] == "lab" && args[1] == "down":
		return []string{"lab", "down", p.lab}
	case args[0] == "lab" || args[0] == "diagnose":
		return append(args, "--lab", p.lab)
	}
	return args
}

// figures are what differs from one run to the next: numbers, and the widths of
// columns that hold them.
var figures = regexp.MustCompile(`\d+|\s+`)

func plain(line string) string {
	return figures.ReplaceAllStringFunc(strings.TrimSpace(line), func(s string) string {
		if s[0] <= ' ' {
			return " "
		}
		return "0"
	})
}

// expect checks that the output has each line of a block, but for figures, or has
// them when it is asked for again. Ladders are drawn as wide as their figures, and are left out.
func (p *tutorial) expect(block string) {
	p.t.Helper()
	missing := p.missing(block)
	for deadline := time.Now().Add(10 * time.Second); len(missing) > 0 && p.asked != "" && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond) // a server may be slower to close than ssh to end
		p.output.Reset()
		p.output.WriteString(p.before)
		p.run(p.asked)
		missing = p.missing(block)
	}
	if len(missing) > 0 {
		p.t.Errorf("output:\n%s\nwithout these lines of the page:\n%s", p.output.String(), strings.Join(missing, ""))
	}
	p.output.Reset()
}

// missing are the lines of a block that the output does not have.
func (p *tutorial) missing(block string) (missing []string) {
	have := map[string]bool{}
	for line := range strings.Lines(p.output.String()) {
		have[plain(line)] = true
	}
	for line := range strings.Lines(block) {
		if !strings.ContainsAny(line, "│") && strings.TrimSpace(line) != "" && !have[plain(line)] {
			missing = append(missing, line)
		}
	}
	return missing
}

// addRoute writes the route of a block into the topology.
func (p *tutorial) addRoute(block string) {
	p.t.Helper()
	name := filepath.Join(p.folder, "net.yaml")
	text, err := os.ReadFile(name)
	if err != nil {
		p.t.Fatal(err)
	}
	table := bytes.Index(text, []byte("name: rt-spoke1"))
	routes := table + bytes.Index(text[table:], []byte("routes:\n")) + len("routes:\n")
	text = bytes.Join([][]byte{text[:routes], []byte(block), text[routes:]}, nil)
	if err := os.WriteFile(name, text, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// capture captures at all interfaces of the firewall; nil where there is no
// tcpdump.
func (p *tutorial) capture() *exec.Cmd {
	p.t.Helper()
	if _, err := exec.LookPath("tcpdump"); err != nil {
		return nil
	}
	cmd := exec.Command("ip", "netns", "exec", p.lab+"-fw-hub", "tcpdump", "-i", "any", "-s", "128", "-U", "-Z", "root",
		"-w", filepath.Join(p.folder, "fw.pcap"), "tcp or icmp")
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if s, err := os.Stat(filepath.Join(p.folder, "fw.pcap")); err == nil && s.Size() > 0 {
			return cmd
		}
	}
	p.t.Fatal("tcpdump does not begin")
	return nil
}

// compareCapture compares what the capture says with what the firewall does.
func (p *tutorial) compareCapture(capture *exec.Cmd) {
	p.t.Helper()
	if capture == nil {
		p.t.Log("no tcpdump: the capture is not compared")
		return
	}
	until := time.Now()
	time.Sleep(time.Second) // for packets on their way into the file
	_ = capture.Process.Signal(syscall.SIGINT)
	_ = capture.Wait()
	want := outcomes(p.t, sekisho(p.t, "connections", "-n", "-1", "-o", "jsonl", "firewall", p.lab+"-fw-hub"), until)
	got := outcomes(p.t, sekisho(p.t, "import", "pcap", filepath.Join(p.folder, "fw.pcap"), "--firewall", "fw-hub", "-o", "jsonl"), until)
	if len(want) < 3 {
		p.t.Errorf("the firewall has %d connections: %v", len(want), want)
	}
	for id, outcome := range want {
		if got[id] != outcome {
			p.t.Errorf("connection %s is %q by the capture, and %q by the firewall", id, got[id], outcome)
		}
	}
}

// outcomes are those of rows of the table Connection, by connection. One that went
// on afterwards, as an attempt does that is tried again when its way is repaired, is
// left out.
func outcomes(t *testing.T, lines string, until time.Time) map[string]string {
	t.Helper()
	all := map[string]string{}
	for line := range strings.Lines(lines) {
		var row struct {
			Properties struct {
				ConnectionId, Outcome string
				LastTime              time.Time
			}
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		if row.Properties.LastTime.Before(until) {
			all[row.Properties.ConnectionId] = row.Properties.Outcome
		}
	}
	return all
}
