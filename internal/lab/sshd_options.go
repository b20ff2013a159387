package lab

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/topology"
)

// prepareSSH makes what all of a lab's servers share: the keys, and the
// options that this machine's sshd takes.
func prepareSSH(lab string) ([]string, error) {
	if _, err := os.Stat(sshdPath); err != nil {
		return nil, document.Problem{Field: "service", Value: string(topology.SSH), Message: "there is no " + sshdPath,
			Hint: "install the package openssh-server"}
	}
	// Where sshd keeps its unprivileged part is compiled in; a package's
	// service file makes the folder, which is of no use here.
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		return nil, err
	}
	for _, folder := range []string{"keys", "sshd"} {
		if err := os.MkdirAll(folderOf(lab, folder), 0o700); err != nil {
			return nil, err
		}
	}
	for _, key := range []string{hostKey(lab), clientKey(lab)} {
		if err := makeKey(lab, key); err != nil {
			return nil, err
		}
	}
	return sshdOptions(lab), nil
}

// makeKey leaves no process behind that writes into a lab's folder when the lab
// has been taken down.
func makeKey(lab, key string) error {
	runtime.LockOSThread() // the kernel ends the program when its thread ends
	defer runtime.UnlockOSThread()
	cmd := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "sekisho lab "+lab, "-f", key)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make key %s: %w: %s", key, err, bytes.TrimSpace(output))
	}
	return nil
}

func hostKey(lab string) string   { return folderOf(lab, "keys", "host") }
func clientKey(lab string) string { return folderOf(lab, "keys", "client") }

// sshdOptions are the lines of a configuration that do not depend on the node.
func sshdOptions(lab string) []string {
	options := []string{
		"HostKey " + hostKey(lab),
		"AuthorizedKeysFile " + clientKey(lab) + ".pub",
		"AllowUsers root",
		"PermitRootLogin prohibit-password",
		"AuthenticationMethods publickey",
		"StrictModes no",
		"PidFile none",
		"UseDNS no",
		"MaxStartups 1000", // the default begins to refuse strangers at ten
		"LogLevel VERBOSE",
		"Subsystem sftp internal-sftp",
	}
	// Without PAM, sshd refuses keys too for an account that is locked, as
	// root's is on an Ubuntu desktop.
	shadow, _ := os.ReadFile("/etc/shadow")
	pam := "UsePAM no"
	if rootIsLocked(string(shadow)) {
		pam = "UsePAM yes"
	}
	options = append(options, pam)
	// Since OpenSSH 9.8 a client whose connections get stuck before it has
	// logged in is refused for a while: in a lab, that is the experiment.
	// Older versions do not know the option.
	const patience = "PerSourcePenalties no"
	if exec.Command(sshdPath, "-t", "-f", os.DevNull, "-h", hostKey(lab), "-o", patience).Run() == nil {
		options = append(options, patience)
	}
	return options
}

func rootIsLocked(shadow string) bool {
	for line := range strings.Lines(shadow) {
		if password, ok := strings.CutPrefix(line, "root:"); ok {
			return strings.HasPrefix(password, "!")
		}
	}
	return false
}
