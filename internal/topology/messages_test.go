package topology

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// messages returns the texts of all calls of fail and warn in the source, each
// up to its first value: the third argument, or the format in it.
func messages(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, name := range globbed(t, "check*.go") {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 4 {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && (f.Sel.Name == "fail" || f.Sel.Name == "warn") {
				list = append(list, constantPart(call.Args[2]))
			}
			return true
		})
	}
	return list
}

// constantPart is the first string in the expression, up to its first verb.
func constantPart(e ast.Expr) string {
	text := ""
	ast.Inspect(e, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && text == "" {
			text, _ = strconv.Unquote(lit.Value)
		}
		return text == ""
	})
	text, _, _ = strings.Cut(text, "%")
	return text
}
