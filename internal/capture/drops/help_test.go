package drops

import (
	"os/exec"
	"strings"
	"testing"
)

func nftc(t *testing.T, s string) {
	cmd := exec.Command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader(s)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
}
