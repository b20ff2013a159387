package logs

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// azureOnlyColumns are the own columns of Azure's tables that nobody fills,
// from Azure Monitor's table reference; string where no type stands there.
var azureOnlyColumns = map[string]string{
	"AZFWNatRule": "Protocol SourceIp SourcePort:int DestinationIp DestinationPort:int TranslatedIp TranslatedPort:int " + azureRule,
	"AZFWApplicationRule": "Protocol SourceIp SourcePort:int DestinationPort:int Fqdn TargetUrl Action ActionReason " + azureRule +
		" IsTlsInspected:bool IsExplicitProxyRequest:bool WebCategory",
	"AZFWThreatIntel": "Protocol SourceIp SourcePort:int DestinationIp DestinationPort:int Fqdn TargetUrl Action IsTlsInspected:bool ThreatDescription",
	"AZFWIdpsSignature": "Protocol SourceIp SourcePort:int DestinationIp DestinationPort:int Action " +
		"SignatureId Category Description Severity:int",
	"AZFWFatFlow": "Protocol SourceIp SourcePort:int DestinationIp DestinationPort:int FlowRate:real",
	"AZFWDnsQuery": "SourceIp SourcePort:int Protocol QueryId:int QueryType QueryClass QueryName RequestSize:int ResponseSize:int " +
		"DnssecOkBit:bool EDNS0BufferSize:int ResponseCode ResponseFlags RequestDurationSecs:real ErrorNumber:int ErrorMessage",
	"AZFWInternalFqdnResolutionFailure": "Fqdn Error ServerIp ServerPort:int " + azureRule,
	"AZFWDnsFlowTrace": "MsgType Protocol SocketFamily SourceIp SourcePort:int ServerIp ServerPort:int QueryMessage ServerMessage " +
		"QueryTime:datetime ResponseTime:datetime",
	"AZFWNetworkRuleAggregation": "Protocol SourceIp DestinationIp DestinationPort:int Action ActionReason " + azureRule +
		" IsDefaultRule:bool NetworkRuleCount:int",
	"AZFWApplicationRuleAggregation": "Protocol SourceIp DestinationPort:int Fqdn TargetUrl Action ActionReason " + azureRule +
		" ApplicationRuleCount:int",
	"AZFWNatRuleAggregation": "Protocol SourceIp TranslatedIp TranslatedPort:int " + azureRule + " NatRuleCount:int",
}

const azureRule = "Policy RuleCollectionGroup RuleCollection Rule"

func TestTablesThatStayEmptyHaveAzuresColumns(t *testing.T) {
	t.Parallel()
	found := 0
	for _, table := range AllTables() {
		own, ok := azureOnlyColumns[table.Name]
		if !ok {
			continue
		}
		found++
		want := append([]string{"TimeGenerated datetime"}, azureStandard...)
		for _, c := range strings.Fields(own) {
			name, kind, typed := strings.Cut(c, ":")
			if !typed {
				kind = "string"
			}
			want = append(want, name+" "+kind)
		}
		var got []string
		for _, c := range table.Columns {
			got = append(got, fmt.Sprintf("%s %s", c.Name, c.Type))
			if c.Origin != Azure {
				t.Errorf("%s.%s is not Azure's", table.Name, c.Name)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", table.Name, diff)
		}
	}
	if found != len(azureOnlyColumns) {
		t.Errorf("%d of %d tables found", found, len(azureOnlyColumns))
	}
}

func TestWorkspaceRows(t *testing.T) {
	t.Parallel()
	at := examples()[0].ev.Time
	rows := []Row{
		HeartbeatRow(Beat{Time: at, LastEvent: at.Add(-1), Segments: 3, Rows: 700}, hub),
		TopologyRow(Revision{Time: at, Revision: "t1", Name: "hub-and-spoke", Text: "virtualNetworks: []"}, &Source{}),
		PolicyRow(Revision{Time: at, Revision: "r7", Name: "fwpol-hub", Text: "name: fwpol-hub"}, hub),
	}
	got := [][]any{
		values(rows[0], "Firewall", "LastDelivery", "Segments", "RowCount", "Type"),
		values(rows[1], "Firewall", "Revision", "Name", "Text", "Type"),
		values(rows[2], "Firewall", "Revision", "Name", "Text", "_SubscriptionId"),
	}
	want := [][]any{
		{"fw-hub", nil, int64(3), int64(700), "Heartbeat"},
		{nil, "t1", "hub-and-spoke", "virtualNetworks: []", "TopologyRevision"},
		{"fw-hub", "r7", "fwpol-hub", "name: fwpol-hub", hub.SubscriptionID},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}
