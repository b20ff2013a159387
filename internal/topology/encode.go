package topology

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/token"
)

// Encode writes the topology as YAML, in the order of the model's fields.
// [Parse] reads it back to an equal topology. Comments of the file that it was
// read from are not kept.
func (t *Topology) Encode() ([]byte, error) {
	data, err := yaml.MarshalWithOptions(t,
		yaml.Indent(2), yaml.IndentSequence(true), yaml.CustomMarshaler[string](encodeString))
	if err != nil {
		return nil, fmt.Errorf("write topology %s as YAML: %w", t.Name, err)
	}
	return data, nil
}

// plain are the strings that need no quotes by their characters alone.
var plain = regexp.MustCompile(`^[A-Za-z0-9./]+([A-Za-z0-9 ._/,-]*[A-Za-z0-9._/-])?$`)

// encodeString puts everything but plain words into double quotes. Left to
// itself, the library writes strings of blanks and line breaks in ways that it
// does not read back. JSON's strings are a part of YAML's.
func encodeString(s string) ([]byte, error) {
	if plain.MatchString(s) && !token.IsNeedQuoted(s) {
		return []byte(s), nil
	}
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(s)
	return bytes.TrimSpace(quoted.Bytes()), err
}
