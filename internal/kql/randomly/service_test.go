package randomly_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/internal/kql/oracle"
	"github.com/sekisho/sekisho/internal/kql/randomly"
)

// startService starts Microsoft's language service with these tables.
func startService(t *testing.T, tables []randomly.Table) *oracle.Service {
	t.Helper()
	schemas := map[string]string{}
	for _, table := range tables {
		schemas[table.Name] = schema(table)
	}
	return oracle.Start(t, map[string]any{"tables": schemas})
}

// schema writes a table's columns as the service takes them.
func schema(t randomly.Table) string {
	var cols []string
	for _, c := range t.Columns {
		cols = append(cols, fmt.Sprintf("['%s']: %s", c.Name, c.Type))
	}
	return "(" + strings.Join(cols, ", ") + ")"
}
