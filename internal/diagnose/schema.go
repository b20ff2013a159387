package diagnose

import _ "embed"

// Schema is the JSON schema (draft 2020-12) of a [Verdict]. A test makes it of
// the Go types, so that it cannot differ from them; with -update it writes it.
//
//go:embed schema.json
var Schema []byte
