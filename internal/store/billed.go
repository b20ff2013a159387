package store

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/logs"
)

// billedColumn is made when it is asked for.
const billedColumn = "_BilledSize"

// notBilled are the columns that Azure leaves out of a row's size.
var notBilled = map[string]bool{"_ResourceId": true, "_SubscriptionId": true, "_IsBillable": true, billedColumn: true,
	"Type": true, "TenantId": true}

// billedSize writes the SQL of the size that Azure would bill for a row: that of
// its columns as JSON, {"Name":value,…}, without those that it leaves out. Of
// Azure's tables only Azure's columns count, because only they would be there.
func billedSize(t *logs.Table) string {
	azure := strings.HasPrefix(t.Name, "AZFW")
	parts := []string{"2"}
	for _, c := range t.Columns {
		if !notBilled[c.Name] && (!azure || c.Origin == logs.Azure) {
			parts = append(parts, columnSize(c))
		}
	}
	return "CAST(" + strings.Join(parts, " + ") + " AS DOUBLE)"
}

// columnSize is the size of one column with its name, quotes, colon and comma;
// 0 where the value is absent.
func columnSize(c logs.Column) string {
	key, name := len(c.Name)+4, quoteName(c.Name)
	switch c.Type {
	case logs.String:
		return fmt.Sprintf("coalesce(strlen(%s) + %d, 0)", name, key+2)
	case logs.DateTime:
		return fmt.Sprintf("CASE WHEN %s IS NULL THEN 0 ELSE %d END", name, key+len(`"2026-09-07T09:49:05.0000000Z"`))
	}
	return fmt.Sprintf("coalesce(strlen(CAST(%s AS VARCHAR)) + %d, 0)", name, key)
}
