package doctor

import (
	"context"

	"github.com/sekisho/sekisho/internal/ruleset"
)

func untracked(ctx context.Context, h *host) Check {
	if h.user() != rootUser {
		return h.unseen(errNotRoot)
	}
	text, err := h.nft(ctx, "list", "ruleset")
	if err != nil {
		return h.unseen(err)
	}
	found := ruleset.UntrackingIn(text)
	if len(found) == 0 {
		return ok("no rule takes packets out of connection tracking")
	}
	return warning("%s%s: of such packets nothing is recorded where Sekisho only observes, and a firewall drops them", found[0], andMore(len(found)-1)).
		advise("take out that rule (notrack; of iptables: -j CT --notrack) for what is forwarded")
}
