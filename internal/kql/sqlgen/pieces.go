package sqlgen

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// The engine's limit of memory does not hold for the texts of the rows that it
// computes together, some thousand at a time. So texts are joined in SQL only
// where they stay short: as long as a text is pieced together of a few stored
// ones. What could be longer is joined in Go, where what there is room for is
// counted (see [funcs.Room]).
const (
	// piece is how many bytes of a constant count as one stored text.
	piece = 1024
	// goPieces is what a text counts that a function in Go has made.
	goPieces = 16
	// maxPieces is how many a text may count that SQL makes.
	maxPieces = 32
)

// pieces is of how many stored texts the text of an expression may be.
func (g *gen) pieces(x plan.Expr) int {
	switch x := x.(type) {
	case *plan.Lit:
		s, _ := x.Value.(string)
		return len(s) / piece
	case *plan.Ref:
		return max(1, g.sizes[x.Col])
	case *plan.Agg:
		return g.longest(x.Args)
	case *plan.Window:
		return g.longest(x.Args)
	case *plan.Call:
		if _, ok := g.known[x]; !ok {
			g.known[x] = g.piecesOf(x)
		}
		return g.known[x]
	}
	return 1
}

// piecesOf is the same of a call. A function in Go makes long texts of texts and
// dynamic values only.
func (g *gen) piecesOf(x *plan.Call) int {
	longest := g.longest(x.Args)
	switch {
	case x.Fn.Name == "strcat":
		sum := 0
		for _, a := range x.Args {
			sum += g.pieces(a)
		}
		if sum <= maxPieces {
			return sum
		}
		return goPieces
	case x.Fn.Eval == nil || x.Fn.SQL != "" || !slices.ContainsFunc(x.Args, mayBeLong):
		return longest
	}
	return max(longest, goPieces)
}

func mayBeLong(x plan.Expr) bool {
	return x.Type() == value.StringType || x.Type() == value.DynamicType
}

func (g *gen) longest(list []plan.Expr) int {
	n := 1
	for _, x := range list {
		n = max(n, g.pieces(x))
	}
	return n
}

// tooLong tells the functions whose SQL could make too long a text of these
// arguments.
func tooLong(fn *funcs.Func, args []Operand) bool {
	switch fn.Name {
	case "strcat":
		sum := 0
		for _, a := range args {
			sum += a.Pieces
		}
		return sum > maxPieces
	case "replace_string":
		lookup, _ := args[1].Value.(string)
		rewrite, _ := args[2].Value.(string)
		return !args[1].Const || !args[2].Const || len(rewrite) > len(lookup)
	}
	return false
}
