package funcs

import "strings"

// OutOfScope tells the functions and plugins that Kusto has and this engine
// leaves out on purpose, and why. It is the one list of them: what it names is
// refused by name, and tests count it apart.
func OutOfScope(name string) (why string, out bool) {
	for prefix, why := range outPrefixes {
		if strings.HasPrefix(name, prefix) {
			return why, true
		}
	}
	why, out = outNames[name]
	return why, out
}

var outPrefixes = map[string]string{
	"geo_":   "functions on places on Earth are left out",
	"graph_": "graphs are left out",
	"ai_":    "no query may reach the network",
	"node_":  "graphs are left out",
}

const (
	otherPlace = "queries read the tables of this workspace only"
	runsCode   = "plugins that run code are left out"
	onlyKusto  = "it is about a Kusto cluster"

	userAnalytics = "plugins that follow users are left out"
	learning      = "plugins that look for patterns are left out"
)

var outNames = map[string]string{
	"cluster": otherPlace, "database": otherPlace, "external_table": otherPlace, "materialized_view": otherPlace,
	"stored_query_result": otherPlace, "entity_group": otherPlace, "externaldata": otherPlace,
	"sql_request": otherPlace, "mysql_request": otherPlace, "postgresql_request": otherPlace,
	"cosmosdb_sql_request": otherPlace, "http_request": otherPlace, "http_request_post": otherPlace,
	"azure_digital_twins_query_request": otherPlace, "infer_storage_schema": otherPlace,
	"infer_storage_schema_with_suggestions": otherPlace, "execute_query": otherPlace, "execute_show_command": otherPlace,
	"python": runsCode, "r": runsCode, "csharp": runsCode,
	"current_cluster_endpoint": onlyKusto, "current_principal": onlyKusto, "current_principal_details": onlyKusto,
	"current_principal_is_member_of": onlyKusto, "current_database": onlyKusto, "cursor_current": onlyKusto,
	"cursor_after": onlyKusto, "cursor_before_or_at": onlyKusto, "extent_id": onlyKusto, "extent_tags": onlyKusto,
	"row_id": onlyKusto, "estimate_data_size": onlyKusto, "estimate_rows_count": onlyKusto,
	"active_users_count": userAnalytics, "activity_counts_metrics": userAnalytics, "activity_engagement": userAnalytics,
	"activity_metrics": userAnalytics, "new_activity_metrics": userAnalytics, "session_count": userAnalytics,
	"sliding_window_counts": userAnalytics, "sequence_detect": userAnalytics, "funnel_sequence": userAnalytics,
	"funnel_sequence_completion": userAnalytics, "rolling_percentile": userAnalytics, "rows_near": userAnalytics,
	"autocluster": learning, "basket": learning, "diffpatterns": learning, "dcount_intersect": learning,
	"preview": onlyKusto, "identity": onlyKusto, "schema_merge": onlyKusto,
	"datetime_list_timezones": "zones are known by their names, of which there is no list",
	"parse_user_agent":        "its table of browsers belongs to Kusto",
}

// OutOfScopeOperators are the operators and statements that are left out.
var OutOfScopeOperators = []string{"externaldata", "make-graph", "graph-match", "graph-to-table", "graph-shortest-paths",
	"graph-mark-components", "graph-merge", "graph", "fork", "facet", "reduce", "macro-expand", "pattern", "restrict", "alias"}
