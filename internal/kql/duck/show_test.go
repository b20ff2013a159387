package duck_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/kql/bind"
	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/kql/sqlgen"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

func BenchmarkShow(b *testing.B) {
	e, tables := benchStore(b)
	s, _ := e.Session(context.Background())
	tree, _ := syntax.Parse(kqlOf(b, os.Getenv("SHOW")))
	bound, ds := bind.Query(context.Background(), tree, bind.Options{Catalog: tables, Now: value.FromTime(time.Now()), Runner: s})
	st, err := sqlgen.Generate(duck.Dialect{}, bound.Queries[0], sqlgen.Options{})
	fmt.Println(st.SQL, st.Args, ds, err)
}
