package firewall

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/sekisho/sekisho/internal/capabilities"
	"github.com/sekisho/sekisho/internal/capture"
)

// asProcess makes the test binary a firewall: it names its file.
const asProcess = "SEKISHO_TEST_FIREWALL"

// withDisk makes it mount a disk of that many bytes over its state folder, in a
// mount namespace of its own.
const withDisk = "SEKISHO_TEST_DISK"

// withHeld makes so many rows wait for a spool that cannot be written to.
const withHeld = "SEKISHO_TEST_HELD"

// ready is what such a process prints when it records.
const ready = "ready"

// runAsProcess runs a firewall until SIGTERM, as `sekisho run` does.
func runAsProcess(file string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	err := func() error {
		if text := os.Getenv(withHeld); text != "" {
			if _, err := fmt.Sscan(text, &heldRows); err != nil {
				return err
			}
		}
		config, err := ReadConfig(file)
		if err != nil {
			return err
		}
		if err := capabilities.Confine(ctx, func() error {
			return errors.Join(capture.MountBPFFS(), mountDisk(config.StateFolder, os.Getenv(withDisk)))
		}); err != nil {
			return err
		}
		pol, _, err := config.Policy()
		if err != nil {
			return err
		}
		fw, err := Start(ctx, config, pol, log)
		if err != nil {
			return err
		}
		fmt.Println(ready)
		return errors.Join(fw.Run(ctx), fw.Close())
	}()
	if err != nil {
		log.Error("the firewall ended", "error", err)
		return 1
	}
	return 0
}

func mountDisk(folder, size string) error {
	if size == "" {
		return nil
	}
	return errors.Join(
		os.MkdirAll(folder, 0o700),
		syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""),
		syscall.Mount("tmpfs", folder, "tmpfs", 0, "size="+size))
}

// program is a firewall that tests run as a process of its own, in their
// namespace.
type program struct {
	config Config
	folder string // of its files and logs
	disk   int    // bytes of the disk under its state; 0: the host's
	held   int    // rows that wait for the disk of its spool; 0: as many as ever
}

func newProgram(t *testing.T, config Config, policy string) *program {
	t.Helper()
	// The kernel ends the processes when the thread that began them ends.
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	p := &program{config: config, folder: t.TempDir()}
	p.config.ResourceGroup = fmt.Sprintf("t%d", os.Getpid())
	p.config.StateFolder = filepath.Join(p.folder, "state")
	p.config.FirewallPolicy = filepath.Join(p.folder, "policy.yaml")
	p.config.Logs.Spool.Folder = filepath.Join(p.folder, "spool")
	p.config.SettingsFile = filepath.Join(p.folder, "settings.json")
	p.config.Logs.Directory = filepath.Join(p.folder, "logs")
	text, err := yaml.Marshal(p.config)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"policy.yaml": policy, "firewall.yaml": string(text)} {
		if err := os.WriteFile(filepath.Join(p.folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			said, _ := os.ReadFile(filepath.Join(p.folder, "said"))
			t.Logf("the firewall said:\n%s", last(string(said), 4000))
		}
		if err := Remove(context.Background(), &p.config); err != nil {
			t.Error(err)
		}
	})
	return p
}

func last(text string, n int) string { return text[max(0, len(text)-n):] }

// life is one process of a program.
type life struct {
	cmd   *exec.Cmd
	ready chan struct{} // closed when it records; or has ended
}

func (p *program) start(t *testing.T) *life {
	t.Helper()
	said, err := os.OpenFile(filepath.Join(p.folder, "said"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), asProcess+"="+filepath.Join(p.folder, "firewall.yaml"))
	cmd.Stderr = said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if p.held != 0 {
		cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%d", withHeld, p.held))
	}
	if p.disk != 0 {
		cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%d", withDisk, p.disk))
		cmd.SysProcAttr.Unshareflags = syscall.CLONE_NEWNS
	}
	return startLife(t, cmd)
}

func startLife(t *testing.T, cmd *exec.Cmd) *life {
	t.Helper()
	l := &life{cmd: cmd, ready: make(chan struct{})}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(l.ready)
		_, _ = bufio.NewReader(out).ReadString('\n')
	}()
	return l
}

// awaitReady fails the test where it does not record in time.
func (l *life) awaitReady(t *testing.T) {
	t.Helper()
	select {
	case <-l.ready:
	case <-time.After(60 * time.Second):
		t.Fatal("the firewall does not begin")
	}
}

// kill ends the process at once.
func (l *life) kill(t *testing.T) {
	t.Helper()
	if err := l.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	<-l.ready
	err := l.cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the firewall ended by itself: %v", err)
	}
}

// end ends it in order.
func (l *life) end(t *testing.T) {
	t.Helper()
	l.awaitReady(t)
	if err := l.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := l.cmd.Wait(); err != nil {
		t.Fatalf("the firewall ended with %v", err)
	}
}
