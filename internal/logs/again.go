package logs

import (
	"math"
	"time"
)

// Row makes a row of the record again, with the same values.
func (r Record) Row() Row { return Row{r.table, &r} }

func (r *Record) visit(to Visitor) {
	for i := range r.values {
		switch c := r.table.cellOf(i, r.values[i]); c.kind {
		case isText:
			to.Text(i, c.text)
		case isResourceID:
			to.ResourceID(i, c.text)
		case isNumber:
			to.Number(i, c.num)
		case isMoment:
			to.Moment(i, c.num)
		}
	}
}

// cellOf is a value as it was before it was boxed.
func (t *Table) cellOf(i int, value any) cell {
	switch v := value.(type) {
	case string:
		if i == t.resource {
			return cell{kind: isResourceID, text: v}
		}
		return cell{kind: isText, text: v}
	case int32:
		return cell{kind: isNumber, num: int64(v)}
	case int64:
		return cell{kind: isNumber, num: v}
	case float64:
		return cell{kind: isNumber, num: int64(math.Float64bits(v))}
	case bool:
		if v {
			return cell{kind: isNumber, num: 1}
		}
		return cell{kind: isNumber}
	case time.Time:
		return momentCell(v)
	}
	return cell{}
}
