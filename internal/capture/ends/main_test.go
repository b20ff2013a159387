package ends

import (
	"testing"

	"github.com/sekisho/sekisho/internal/testnet"
)

func TestMain(m *testing.M) { testnet.Main(m) }
