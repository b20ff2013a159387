package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

const (
	metadataPath = "/v1/rest/auth/metadata"
	identityPath = "/v1/identity/token"
)

// metadata tells Kusto's clients where they would sign in. They ask before they
// have a token, and insist on an answer; a token of ours is not signed in for,
// so what they are told is the public cloud's, which they know anyway.
func (s *server) metadata(w http.ResponseWriter, _ *http.Request) {
	const login = "https://login.microsoftonline.com"
	writeJSON(w, map[string]any{"AzureAD": map[string]any{
		"LoginEndpoint": login, "LoginMfaRequired": false,
		"KustoClientAppId": "db662dc1-0cfe-4e1c-a843-19a68e65be58", "KustoClientRedirectUri": "https://microsoft/kustoclient",
		"KustoServiceResourceId": "https://kusto.kusto.windows.net", "FirstPartyAuthorityUrl": login + "/f8cdef31-a31e-4b4a-93e4-5f571e91255a",
	}})
}

// identity is the endpoint of a managed identity, as Azure App Service has it
// (IDENTITY_ENDPOINT and IDENTITY_HEADER): it gives the caller's own token back,
// in the form in which programs written for Azure expect to get one. So a program
// that can only sign in to Azure, such as Grafana's plugin, needs no change.
func (s *server) identity(w http.ResponseWriter, r *http.Request) {
	token := r.Header.Get("X-IDENTITY-HEADER")
	anonymous := s.AnonymousLoopback && overLoopback(r)
	if !anonymous && !overUnix(r) && !s.Tokens.Valid(token) {
		writeLogsError(w, &failure{status: http.StatusUnauthorized, logsCode: "InvalidTokenError",
			detail: "the header X-IDENTITY-HEADER does not hold this server's token"})
		return
	}
	if token == "" {
		token = "anonymous" // clients refuse an empty one
	}
	writeJSON(w, map[string]any{"access_token": token, "token_type": "Bearer", "resource": r.URL.Query().Get("resource"),
		"expires_on": strconv.FormatInt(time.Now().Add(24*time.Hour).Unix(), 10)})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // an error means that the client is gone
}
