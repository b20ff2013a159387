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
	testnet.Main(m)
}
