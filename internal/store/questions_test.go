package store_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// question asks for rows by the values of some columns.
func question(r *rand.Rand) string {
	const shown = " | project TimeGenerated, SourceIp, SourcePort, DestinationIp, DestinationPort"
	// Not innerunique: it may take any of several rows, and two answers may differ.
	kind := []string{"inner", "leftouter", "rightouter", "fullouter", "leftanti", "leftsemi", "rightanti"}
	forms := []string{
		"AZFWFlowTrace | where §" + shown,
		"Connection | where § or TranslatedDestinationIp == '10.2.0.7' and §" + shown,
		"KernelDrop | extend ConnectionId = SourceIp | where § | where §" + shown,
		"let host = '10.1.1.2'; let ports = dynamic([22, 40001]); AZFWFlowTrace | where SourceIp == host and SourcePort in (ports) and §" + shown,
		"union AZFWFlowTrace, Connection, KernelDrop | where §" + shown,
		"AZFWFlowTrace | extend was = SourceIp, SourceIp = DestinationIp | where § and was == '10.1.1.1'" + shown,
		"AZFWFlowTrace | where § | join kind=" + kind[r.IntN(len(kind))] + " (Connection | where § | project Id = ConnectionId, At = TimeGenerated, Host = SourceIp) on $left.ConnectionId == $right.Id",
		"AZFWFlowTrace | where ConnectionId in ((Connection | where § | project ConnectionId))" + shown,
		"let m = materialize(AZFWFlowTrace | where §); union (m | where §), (m | where §)" + shown,
		"AZFWFlowTrace | summarize count() by SourceIp, SourcePort, DestinationIp, DestinationPort, ConnectionId | where §",
		"AZFWFlowTrace | top 20 by EventNumber | where §" + shown,
	}
	form := forms[r.IntN(len(forms))]
	for strings.Contains(form, "§") {
		form = strings.Replace(form, "§", "("+asked(r)+")", 1)
	}
	return form
}

// asked is a condition.
func asked(r *rand.Rand) string {
	host := func() string {
		return "'" + append(addresses, "", "10.9.9.9", "2001:DB8::A")[r.IntN(len(addresses)+3)] + "'"
	}
	port := func() string {
		return fmt.Sprint([]any{0, 22, 22, 40001, 40001, 7, "'22'", "22.0", "int(null)"}[r.IntN(9)])
	}
	id := func() string { return fmt.Sprintf("'%016x'", r.IntN(14)) }
	tuple := func() string {
		return fmt.Sprintf("(SourceIp == %s and SourcePort == %s and DestinationIp == %s and DestinationPort == %s)", host(), port(), host(), port())
	}
	forms := []func() string{
		tuple, func() string { return tuple() + " or " + tuple() },
		func() string { return "SourceIp == " + host() }, func() string { return host() + " == DestinationIp" },
		func() string { return fmt.Sprintf("SourceIp == %[1]s or DestinationIp == %[1]s", host()) },
		func() string {
			return fmt.Sprintf("SourceIp in (%s, %s) and SourcePort in (%s, %s) and DestinationIp in (%s) and DestinationPort != %s", host(), host(), port(), port(), host(), port())
		},
		func() string {
			return fmt.Sprintf("SourceIp =~ %s and SourcePort == %s and (DestinationIp in~ (%s, %s) and DestinationPort in (%s, %s))", host(), port(), host(), host(), port(), port())
		},
		func() string { return "ConnectionId == " + id() }, func() string { return "ConnectionId in (" + id() + ", " + id() + ")" },
		func() string { return "ConnectionId == ''" }, func() string { return "isempty(SourceIp)" },
		func() string { return "SourceIp has " + host() }, func() string { return "SourceIp contains " + host() },
		func() string { return "not(" + tuple() + ")" }, func() string { return "SourceIp !in (" + host() + ")" },
		func() string { return "iff(SourcePort == 22, SourceIp, DestinationIp) == " + host() },
		func() string { return "tolower(SourceIp) == " + host() }, func() string { return "DestinationPort == " + port() },
	}
	one := func() string { return "(" + forms[r.IntN(len(forms))]() + ")" }
	switch r.IntN(5) {
	case 0:
		return one() + " and " + one()
	case 1:
		return one() + " or " + one()
	}
	return one()
}
