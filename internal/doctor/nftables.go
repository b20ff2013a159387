package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/ruleset"
)

// neededNft is the oldest nft that the ruleset was tested with.
var neededNft = []int{1, 0, 6}

var nftRelease = regexp.MustCompile(`v(\d+)\.(\d+)\.(\d+)`)

func nftVersion(ctx context.Context, h *host) Check {
	text, err := h.nft(ctx, "--version")
	switch {
	case errors.Is(err, ruleset.ErrNoNft) && h.user() != rootUser:
		// It lies in /usr/sbin, where Debian's users do not look.
		return skipped("not in the PATH of this user").advise("run it with sudo to see")
	case errors.Is(err, ruleset.ErrNoNft):
		return problem("not there").advise("apt install nftables (where it is installed: export PATH=$PATH:/usr/sbin)")
	case err != nil:
		return problem("%v", err).advise("apt install --reinstall nftables")
	}
	found := nftRelease.FindStringSubmatch(text)
	if found == nil {
		return warning("of unknown version: %q", strings.TrimSpace(text)).advise("nft --version must be 1.0.6 or later")
	}
	var have []int
	for _, digits := range found[1:] {
		n, _ := strconv.Atoi(digits) // the expression finds digits only
		have = append(have, n)
	}
	if slices.Compare(have, neededNft) < 0 {
		return problem("version %s is too old", found[0][1:]).advise("install nftables 1.0.6 or later, as Debian 12 and Ubuntu 24.04 have it")
	}
	return ok("version %s", found[0][1:])
}

func nfTables(ctx context.Context, h *host) Check {
	if h.user() != rootUser {
		return h.unseen(errNotRoot)
	}
	text, err := h.nft(ctx, "list", "tables")
	if errors.Is(err, ruleset.ErrNoNft) {
		return h.unseen(err)
	}
	if err != nil {
		return problem("%v", err).advise("modprobe nf_tables (on the host, where this is a container)")
	}
	return ok("it works; tables in this namespace: %d", strings.Count(text, "table "))
}

func marks(ctx context.Context, h *host) Check {
	if h.user() != rootUser {
		return h.unseen(errNotRoot)
	}
	// A firewall's file can choose other bits; most do not.
	var ours ruleset.Marks
	found, err := h.conflicts(ctx, ours)
	if err != nil {
		return h.unseen(err)
	}
	if len(found) == 0 {
		return ok("no rule of others uses our bits (%#08x)", ours.Mask())
	}
	return warning("%s%s", found[0], andMore(len(found)-1)).
		advise("take other bits with markMask in the firewall's file, or change that rule; sekisho observe uses %#08x alone, always", ours.Handshake())
}

func andMore(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", and %d more", n)
}

func flowtables(ctx context.Context, h *host) Check {
	if h.user() != rootUser {
		return h.unseen(errNotRoot)
	}
	text, err := h.nft(ctx, "list", "flowtables")
	if err != nil {
		return h.unseen(err)
	}
	found := ruleset.FlowtablesIn(text)
	if len(found) == 0 {
		return ok("no flowtables: every packet passes the forward hook")
	}
	return warning("%s%s: packets of connections in it bypass the forward hook, neither checked nor recorded", found[0], andMore(len(found)-1)).
		advise("take out the rules that fill it: nft -a list ruleset | grep 'flow add'")
}

// iptablesLegacy only informs: rules of iptables-nft are seen by all other
// checks, those of iptables-legacy by none.
func iptablesLegacy(_ context.Context, h *host) Check {
	var tables []string
	for _, file := range []string{"proc/net/ip_tables_names", "proc/net/ip6_tables_names"} {
		text, err := h.text(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return h.unseen(err)
		}
		tables = append(tables, strings.Fields(text)...)
	}
	if len(tables) == 0 {
		return ok("no tables of it")
	}
	slices.Sort(tables)
	return ok("tables %s: they apply as well, and the checks of nftables do not see them (iptables-legacy-save shows them)",
		strings.Join(slices.Compact(tables), ", "))
}
