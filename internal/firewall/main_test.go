package firewall

import (
	"os"
	"testing"

	"github.com/sekisho/sekisho/internal/testnet"
)

func TestMain(m *testing.M) {
	if file := os.Getenv(asProcess); file != "" {
		os.Exit(runAsProcess(file))
	}
	if len(os.Args) == 3 && os.Args[1] == guardArgument {
		os.Exit(exitWith(Guard(os.Args[2])))
	}
	if kind := os.Getenv(asObserver); kind != "" {
		os.Exit(runAsObserver(kind))
	}
	testnet.Main(m)
}
