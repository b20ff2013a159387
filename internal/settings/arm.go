package settings

import (
	"bytes"
	"encoding/json"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/logs"
)

// azure is a diagnostic setting of Azure's resource manager (the type
// Microsoft.Insights/diagnosticSettings, API 2021-05-01-preview): as a resource,
// as `az monitor diagnostic-settings` prints it, in an ARM template or in a
// list.
type azure struct {
	Type       string          `json:"type"`
	Name       string          `json:"name"`
	Properties *properties     `json:"properties"`
	Resources  []azure         `json:"resources"`
	Value      json.RawMessage `json:"value"`
	properties                 // as az prints them
}

type properties struct {
	WorkspaceID      string `json:"workspaceId"`
	StorageAccountID string `json:"storageAccountId"`
	EventHubRule     string `json:"eventHubAuthorizationRuleId"`
	EventHub         string `json:"eventHubName"`
	Partner          string `json:"marketplacePartnerId"`
	DestinationType  string `json:"logAnalyticsDestinationType"`
	Logs             []struct {
		Category      string `json:"category"`
		CategoryGroup string `json:"categoryGroup"`
		Enabled       bool   `json:"enabled"`
		Retention     struct {
			Enabled bool `json:"enabled"`
		} `json:"retentionPolicy"`
	} `json:"logs"`
	Metrics []struct {
		Enabled bool `json:"enabled"`
	} `json:"metrics"`
}

// isAzure tells Azure's JSON from our own. A bare list is what newer versions of
// `az` print, and ours is none.
func isAzure(data []byte) (a azure, is bool) {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		a.Value = data
		return a, json.Unmarshal(data, &a.Resources) == nil && len(a.Resources) > 0
	}
	if json.Unmarshal(data, &a) != nil {
		return a, false
	}
	return a, a.Properties != nil || a.Logs != nil || len(a.Resources) > 0 || len(a.Value) > 0
}

// settings are those of all resources in it.
func (a *azure) settings(file, folder string) (list []Setting, warnings document.Problems) {
	inside := a.Resources
	var value []azure
	if len(inside) == 0 && json.Unmarshal(a.Value, &value) == nil {
		inside = append(inside, value...)
	}
	for i := range inside {
		more, w := inside[i].settings(file, folder)
		list, warnings = append(list, more...), append(warnings, w...)
	}
	if a.Properties != nil {
		a.properties = *a.Properties
	}
	if a.Logs == nil {
		return list, warnings // another kind of resource
	}
	s, w := a.one(file, folder)
	return append(list, s), append(warnings, w...)
}

func (a *azure) one(file, folder string) (Setting, document.Problems) {
	s := Setting{Name: lastName(a.Name), Workspace: a.WorkspaceID != ""}
	if a.StorageAccountID != "" {
		s.Storage = filepath.Join(folder, lastName(a.StorageAccountID))
	}
	var warnings document.Problems
	warn := func(value, message, hint string) {
		warnings = append(warnings, document.Problem{File: file, Field: a.Name, Value: value, Message: message, Hint: hint, Warning: true})
	}
	if s.Name != path.Base(a.Name) {
		warn("", "an expression, whose value the template does not say: the setting is called "+s.Name+" here", "")
	}
	for _, l := range a.Logs {
		switch _, known := logs.LookupCategory(l.Category); {
		case !l.Enabled:
		case strings.EqualFold(l.CategoryGroup, AllLogs):
			s.Categories = append(s.Categories, AllLogs)
		case known:
			s.Categories = append(s.Categories, l.Category)
		default:
			warn(l.Category+l.CategoryGroup, "there is no such category here: it has no rows", "")
		}
		if l.Retention.Enabled {
			warn("retentionPolicy", "how long rows are kept is the workspace's to say", "")
		}
	}
	for _, m := range a.Metrics {
		if m.Enabled {
			warn("metrics", "metrics are not part of the logs here", "a firewall has metrics for Prometheus: metrics.listen in its file")
		}
	}
	if a.EventHubRule != "" || a.EventHub != "" || a.Partner != "" {
		warn(a.EventHub+a.Partner, "event hubs and partners are no destinations here", "rows go to the workspace and to storage")
	}
	if strings.EqualFold(a.DestinationType, "AzureDiagnostics") {
		warn(a.DestinationType, "rows always go to tables of their own here", "")
	}
	return s, warnings
}

// lastName is the last part of a resource's name or id. Of an expression of a
// template, as "[concat(parameters('fw'), '/Microsoft.Insights/all')]", it is that
// of the last text in it.
func lastName(name string) string {
	if strings.HasPrefix(name, "[") && !strings.HasPrefix(name, "[[") {
		if texts := quoted.FindAllStringSubmatch(name, -1); len(texts) > 0 {
			name = texts[len(texts)-1][1]
		}
	}
	return strings.TrimLeft(path.Base(name), "-_.")
}

var quoted = regexp.MustCompile(`'([^']*)'`)

// checkAzure checks what came of Azure's settings.
func checkAzure(file string, list []Setting) error {
	var problems document.Problems
	if len(list) == 0 {
		problems = append(problems, document.Problem{File: file, Message: "no diagnostic setting in it", Hint: "a resource of the type Microsoft.Insights/diagnosticSettings has logs"})
	}
	for i := range list {
		if len(list[i].Categories) == 0 {
			problems = append(problems, document.Problem{File: file, Field: list[i].Name, Message: "it has no category that is enabled and known", Hint: Meant("")})
		}
	}
	Check(list, func(i int, field, value, message, hint string) {
		problems = append(problems, document.Problem{File: file, Field: list[i].Name + "." + field, Value: value, Message: message, Hint: hint})
	})
	return problems.Err()
}
