package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/monitor/query/azlogs"
)

// newLogs makes a client that signs in as newKusto's does.
func newLogs(endpoint string) (*azlogs.Client, error) {
	var credential azcore.TokenCredential
	if os.Getenv("IDENTITY_ENDPOINT") != "" {
		identity, err := azidentity.NewManagedIdentityCredential(nil)
		if err != nil {
			return nil, err
		}
		credential = identity
	}
	return azlogs.NewClient(credential, &azlogs.ClientOptions{ClientOptions: azcore.ClientOptions{
		Retry: policy.RetryOptions{MaxRetries: -1},
		Cloud: cloud.Configuration{Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
			azlogs.ServiceName: {Audience: "https://api.loganalytics.io", Endpoint: endpoint}}},
	}})
}

func askLogs(ctx context.Context, c *azlogs.Client, q question, a *answer) {
	body := azlogs.QueryBody{Query: &q.Text}
	if q.Timespan != "" {
		interval := azlogs.TimeInterval(q.Timespan)
		body.Timespan = &interval
	}
	var options azlogs.QueryOptions
	if n, ok := q.Options["wait"].(float64); ok {
		wait := int(n)
		options.Wait = &wait
	}
	if on, ok := q.Options["extra"].(bool); ok {
		options.Statistics, options.Visualization = &on, &on
	}
	var results azlogs.QueryResults
	var err error
	switch q.Call {
	case "workspace":
		var r azlogs.QueryWorkspaceResponse
		r, err = c.QueryWorkspace(ctx, q.DB, body, &azlogs.QueryWorkspaceOptions{Options: &options})
		results = r.QueryResults
	case "resource":
		var r azlogs.QueryResourceResponse
		r, err = c.QueryResource(ctx, q.DB, body, &azlogs.QueryResourceOptions{Options: &options})
		results = r.QueryResults
	case "batch":
		results, err = batch(ctx, c, q, body)
	}
	a.takeLogs(results, q)
	if err != nil {
		a.Error = logsError(err)
	}
}

// batch asks the question twice, the second time in a workspace that is not
// there, and gives the first answer with the second's error.
func batch(ctx context.Context, c *azlogs.Client, q question, body azlogs.QueryBody) (azlogs.QueryResults, error) {
	first, second, other := "first", "second", "another"
	r, err := c.QueryBatch(ctx, azlogs.BatchRequest{Requests: []azlogs.BatchQueryRequest{
		{ID: &first, WorkspaceID: &q.DB, Body: &body}, {ID: &second, WorkspaceID: &other, Body: &body}}}, nil)
	if err != nil {
		return azlogs.QueryResults{}, err
	}
	good, bad := r.Responses[0], r.Responses[1]
	return azlogs.QueryResults{Tables: good.Body.Tables}, fmt.Errorf("%s %d, %s %d %s", *good.ID, *good.Status, *bad.ID, *bad.Status, bad.Body.Error.Error())
}

func (a *answer) takeLogs(r azlogs.QueryResults, q question) {
	if r.Error != nil {
		a.Error = r.Error.Error()
	}
	for _, t := range r.Tables {
		for _, c := range t.Columns {
			a.Columns = append(a.Columns, *c.Name+":"+string(*c.Type))
		}
		a.Count = int64(len(t.Rows))
		if a.Count <= 100 {
			for _, row := range t.Rows {
				a.Rows = append(a.Rows, row)
			}
			a.Count = 0
		}
	}
	if r.Visualization != nil {
		var chart struct{ Visualization, Title string }
		if json.Unmarshal(r.Visualization, &chart) == nil {
			a.Extra = fmt.Sprintf("%s %q, statistics: %t", chart.Visualization, chart.Title, json.Valid(r.Statistics))
		}
	}
}

func logsError(err error) string {
	var response *azcore.ResponseError
	if !errors.As(err, &response) {
		return err.Error()
	}
	var body struct{ Error json.RawMessage }
	if json.NewDecoder(response.RawResponse.Body).Decode(&body) != nil {
		return err.Error()
	}
	return fmt.Sprintf("HTTP %d %s: %s", response.StatusCode, response.ErrorCode, body.Error)
}
