package api

import (
	"strings"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// commands are the commands that are answered. A word in capitals stands for a
// name, NAMES for a list of them in parentheses.
var commands = []struct {
	words string
	run   func(s *shown, names []string) (*result.Table, *failure)
}{
	{"version", (*shown).version},
	{"cluster", (*shown).cluster},
	{"cluster databases", (*shown).databases},
	{"databases", (*shown).databases},
	{"databases identity", (*shown).identity},
	{"databases schema", (*shown).schema},
	{"databases schema as json", (*shown).schemaJSON},
	{"databases NAMES schema", (*shown).schema},
	{"databases NAMES schema as json", (*shown).schemaJSON},
	{"databases entities", (*shown).entities},
	{"database", (*shown).databases},
	{"database identity", (*shown).identity},
	{"database schema", (*shown).schema},
	{"database schema as json", (*shown).schemaJSON},
	{"database NAME", (*shown).databases},
	{"database NAME identity", (*shown).identity},
	{"database NAME schema", (*shown).schema},
	{"database NAME schema as json", (*shown).schemaJSON},
	{"schema", (*shown).schema},
	{"schema as json", (*shown).schemaJSON},
	{"tables", (*shown).tableList},
	{"tables NAMES", (*shown).tableList},
	{"table NAME", (*shown).tableColumns},
	{"table NAME cslschema", (*shown).tableSchema},
	{"table NAME schema as csl", (*shown).tableSchema},
	{"table NAME schema as json", (*shown).tableSchemaJSON},
	{"functions", (*shown).functions},
	{"materialized-views", (*shown).materializedViews},
	{"external tables", (*shown).externalTables},
	{"entity_groups", (*shown).entityGroups},
}

// mgmt answers a command. Behind a pipe, operators of the query language take
// the command's answer, as Kusto has it.
func (s *server) mgmt(c *call) *failure {
	if !command(c.CSL) {
		return badRequest("a command begins with a dot, such as .show tables; send queries to /v1/rest/query or /v2/rest/query")
	}
	text, operators, piped := cutPipe(strings.TrimSpace(uncommented(c.CSL)))
	table, f := s.show(c, strings.TrimSuffix(strings.TrimSpace(text), ";"))
	if f != nil {
		return f
	}
	write := func(b *body) form { return &formV1{body: b, call: c, only: true} }
	if !piped {
		return c.stream(&kql.Answer{Rows: table}, write)
	}
	c.CSL = datatable(table) + "|" + operators
	return s.query(c, write)
}

// uncommented takes comments from in front of a command.
func uncommented(text string) string { return text[len(commandStart.FindString(text))-1:] }

// show finds and runs a command.
func (s *server) show(c *call, text string) (*result.Table, *failure) {
	words := wordsOf(text)
	if len(words) > 1 && strings.EqualFold(words[0].text, ".show") {
		for _, cmd := range commands {
			if names, ok := fits(strings.Fields(cmd.words), words[1:]); ok {
				tables, err := s.ws.Tables(c.r.Context())
				if err != nil {
					return nil, explain(err)
				}
				return cmd.run(&shown{server: s, tables: tables}, names)
			}
		}
	}
	var known []string
	for _, cmd := range commands {
		known = append(known, ".show "+cmd.words)
	}
	f := badRequest("the command %q is not answered here; these are: %s", text, strings.Join(known, ", "))
	f.code, f.exception = "BadRequest_CommandNotSupported", "Kusto.Data.Exceptions.KustoBadRequestException"
	return nil, f
}

// datatable writes a table as an expression of the query language.
func datatable(t *result.Table) string {
	var b strings.Builder
	b.WriteString("datatable(")
	for i, c := range t.Cols {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("['" + c.Name + "']:" + c.Type.String())
	}
	b.WriteString(")[")
	for _, row := range t.Data {
		for i, v := range row {
			b.WriteString(quoteLiteral(v, t.Cols[i].Type) + ",")
		}
	}
	return strings.TrimSuffix(b.String(), ",") + "]\n"
}

// quoteLiteral writes a value as a literal. JSON's escapes are the language's.
func quoteLiteral(v any, t value.Type) string {
	switch {
	case t == value.StringType:
		return value.JSON(value.Text(v))
	case v == nil:
		return t.String() + "(null)"
	case t == value.DynamicType:
		return "dynamic(" + value.JSON(v) + ")"
	}
	return t.String() + "(" + value.Text(v) + ")"
}
