package bind

import (
	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// op applies one operator to a relation.
func (b *binder) op(r *relation, op syntax.Op) *relation {
	switch op := op.(type) {
	case syntax.Simple:
		return b.simple(r, op)
	case syntax.Sort:
		return b.sort(r, op.Keys)
	case syntax.Top:
		return b.top(r, op)
	case syntax.Summarize:
		return b.summarize(r, op)
	case syntax.Join:
		return b.join(r, op)
	case syntax.Union:
		return b.union(r, op)
	case syntax.As:
		return b.as(r, op)
	case syntax.Invoke:
		return b.invoke(r, op)
	case syntax.Expand:
		return b.expand(r, op)
	case syntax.ParseOp:
		return b.parse(r, op)
	case syntax.ParseKV:
		return b.parseKV(r, op)
	case syntax.MakeSeries:
		return b.makeSeries(r, op)
	case syntax.TopNested:
		return b.topNested(r, op)
	case syntax.TopHitters:
		return b.topHitters(r, op)
	case syntax.ScanOp:
		return b.scanSteps(r, op)
	case syntax.Partition:
		return b.partition(r, op)
	case syntax.Evaluate:
		return b.evaluate(r, op)
	case syntax.Search:
		return b.search(r, op)
	case syntax.Render:
		return r
	}
	b.report(op.Pos(), "", "this operator is not allowed here")
	return nil
}

// simple applies an operator whose operands are expressions only.
func (b *binder) simple(r *relation, op syntax.Simple) *relation {
	switch op.Name {
	case "where":
		return b.where(r, op)
	case "extend":
		return b.extend(r, op.Args)
	case "serialize":
		return b.serialize(r, op.Args)
	case "project":
		return b.projectOp(r, op.Args)
	case "project-away":
		return b.projectAway(r, op.Args)
	case "project-keep":
		return b.projectKeep(r, op.Args)
	case "project-rename":
		return b.projectRename(r, op.Args)
	case "project-reorder":
		return b.projectReorder(r, op.Args)
	case "distinct":
		return b.distinct(r, op.Args)
	case "count":
		return b.count(r, op.Args)
	case "take":
		return b.take(r, op.Args[0])
	case "sample":
		return b.sample(r, op.Args[0])
	case "sample-distinct":
		return b.sampleDistinct(r, op)
	case "getschema":
		return b.getSchema(r)
	case "consume":
		return b.filter(r, falseLit)
	}
	b.unsupported(op.NameAt, "", "the operator '%s' is not supported", op.Name)
	return nil
}
