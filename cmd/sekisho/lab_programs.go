package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/lab"
)

func newLabExecCommand() *cobra.Command {
	var name *string
	cmd := &cobra.Command{
		Use:   "exec MACHINE -- PROGRAM [ARGUMENT…]",
		Short: "Run any program in a machine; its exit code is ours",
		Example: `  sudo sekisho lab exec vm1 -- ip route
  sudo sekisho lab exec vm2 -- tcpdump -ni eth0
  sudo sekisho lab exec vm1 -- bash`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := openLab(*name)
			if err != nil {
				return err
			}
			program := args[1:]
			if program[0] == "--" {
				program = program[1:]
			}
			// Signals go to the program: a Ctrl-C is the shell's, not ours.
			code, err := l.Exec(context.WithoutCancel(cmd.Context()), args[0], program, lab.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
			if err != nil {
				return err
			}
			if code != 0 {
				return exitError(code)
			}
			return nil
		},
	}
	cmd.Flags().SetInterspersed(false)
	name = labFlag(cmd)
	return cmd
}

func newLabSSHCommand() *cobra.Command {
	var name *string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:     "ssh FROM TO [-- COMMAND]",
		Short:   "Log in from one machine to another with the real ssh",
		Example: "  sudo sekisho lab ssh vm1 vm2\n  sudo sekisho lab ssh vm1 vm2 -- uptime",
		Args:    cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := openLab(*name)
			if err != nil {
				return err
			}
			options := lab.SSHOptions{Timeout: timeout}
			if len(args) > 2 {
				options.Command = strings.Join(args[2:], " ") // as ssh does
			}
			result, err := l.SSH(cmd.Context(), args[0], args[1], options)
			if err != nil {
				return err
			}
			fmt.Fprint(cmd.OutOrStdout(), result.Output)
			if result.Status != 0 {
				fmt.Fprintf(os.Stderr, "%s after %v: %s\n", result.Outcome, result.Duration.Round(time.Millisecond), result.Stderr)
				return exitError(result.Status)
			}
			return nil
		},
	}
	name = labFlag(cmd)
	cmd.Flags().DurationVar(&timeout, "timeout", 5*time.Second, "how long to wait for the server")
	return cmd
}

func newLabConnectCommand() *cobra.Command {
	var name, output *string
	var options lab.ConnectOptions
	var closing string
	cmd := &cobra.Command{
		Use:   "connect FROM TO:PORT",
		Short: "Open a TCP connection from a machine with the built-in client",
		Example: `  sudo sekisho lab connect vm1 vm2:80
  sudo sekisho lab connect vm1 10.1.2.4:7 --bytes 1000 --close server`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(*output, "table", "json"); err != nil {
				return err
			}
			l, err := openLab(*name)
			if err != nil {
				return err
			}
			to, err := labAddress(l, args[1])
			if err != nil {
				return err
			}
			switch options.Close = lab.Closing(closing); options.Close {
			case lab.ByClient, lab.ByServer, lab.ByReset:
			default:
				return usagef("--close %q: it can be client, server or reset", closing)
			}
			result, err := l.Connect(cmd.Context(), args[0], to, options)
			if err != nil {
				return err
			}
			if *output == "json" {
				err = printJSON(cmd.OutOrStdout(), result)
			} else {
				outcome := fmt.Sprintf("%s after %v", result.Outcome, result.Handshake.Round(10*time.Microsecond))
				if result.Failure != "" {
					outcome += ", then " + result.Failure
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%v → %v: %s\n", result.Local, result.Remote, outcome)
			}
			if err == nil && (result.Outcome != lab.Established || result.Failure != "") {
				return exitError(exitFailure)
			}
			return err
		},
	}
	name, output = labFlag(cmd), addOutputFlag(cmd, "table", "json")
	flags := cmd.Flags()
	flags.DurationVar(&options.Timeout, "timeout", 5*time.Second, "how long the handshake may take")
	flags.IntVar(&options.Bytes, "bytes", 0, "bytes to send after the handshake")
	flags.StringVar(&closing, "close", string(lab.ByClient), "who closes: client, server or reset")
	flags.DurationVar(&options.Hold, "hold", 0, "how long to keep the connection open")
	flags.Uint16Var(&options.LocalPort, "local-port", 0, "the client's port (the kernel's choice where absent)")
	return cmd
}

// labAddress reads MACHINE:PORT or ADDRESS:PORT.
func labAddress(l *lab.Lab, text string) (netip.AddrPort, error) {
	host, portText, err := net.SplitHostPort(text)
	port, portErr := strconv.ParseUint(portText, 10, 16)
	if err != nil || portErr != nil || port == 0 {
		return netip.AddrPort{}, usagef("%q is not MACHINE:PORT, as in vm2:80", text)
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		node, err := l.Node(host)
		if err != nil {
			return netip.AddrPort{}, err
		}
		addr = node.Address
	}
	return netip.AddrPortFrom(addr, uint16(port)), nil
}
