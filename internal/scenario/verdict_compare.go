package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/flow"
)

// differences collects what is not as wanted.
type differences []error

func (d *differences) text(what, got, want string) {
	if got != want {
		*d = append(*d, fmt.Errorf("%s is %q, expected %q", what, got, want))
	}
}

// CompareOne compares what one firewall says; the error has every difference.
func (w *WantedVerdict) CompareOne(v *flow.Verdict) error {
	var d differences
	if w.Outcome != "" {
		d.text("outcome", string(v.Outcome), string(w.Outcome))
	}
	if w.StuckAt != nil {
		d.text("stuckAt", string(v.StuckAt), string(*w.StuckAt))
	}
	if w.By != "" {
		d.text("by", string(v.By), string(w.By))
	}
	if w.Certainty != "" {
		d.text("certainty", string(v.Certainty), string(w.Certainty))
	}
	for _, doubt := range w.Doubts {
		if !slices.Contains(v.Doubts, doubt) {
			d = append(d, fmt.Errorf("doubts are %v, expected %s among them", v.Doubts, doubt))
		}
	}
	return errors.Join(d...)
}

// Compare compares what is said of the whole way; the error has every
// difference.
func (w *WantedVerdict) Compare(v *diagnose.Verdict) error {
	one := flow.Verdict{Outcome: v.Outcome, StuckAt: v.StuckAt, Certainty: v.Certainty}
	for _, doubt := range v.Doubts {
		one.Doubts = append(one.Doubts, doubt.Code)
	}
	d := differences{}
	if err := w.CompareOne(&one); err != nil {
		d = append(d, err)
	}
	if w.Where != nil {
		where := ""
		if v.Where != nil {
			where = v.Where.String()
		}
		d.text("where", where, *w.Where)
	}
	if w.Healthy != nil && *w.Healthy != v.Healthy {
		d = append(d, fmt.Errorf("healthy is %v, expected %v", v.Healthy, *w.Healthy))
	}
	if w.Cause != nil {
		d = append(d, compareCause(v.Cause, w.Cause))
	}
	if w.Fix != nil {
		d = append(d, compareFixes(v.Fix, *w.Fix))
	}
	return errors.Join(d...)
}

func compareCause(cause diagnose.Cause, want map[string]any) error {
	data, err := json.Marshal(cause)
	if err != nil {
		return err
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		return err
	}
	return contains("cause", got, want)
}

// contains compares what is wanted with a value as encoding/json has it: of an
// object, the wanted fields; everything else as text.
func contains(path string, got, want any) error {
	fields, isObject := want.(map[string]any)
	if list, ok := want.([]any); ok {
		return containsList(path, got, list)
	}
	if !isObject {
		if part, contained := strings.CutPrefix(fmt.Sprint(want), "~"); contained && got != nil && strings.Contains(fmt.Sprint(got), part) {
			return nil
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("%s is %v, expected %v", path, got, want)
		}
		return nil
	}
	object, ok := got.(map[string]any)
	if !ok {
		return fmt.Errorf("%s is %v, expected %v", path, got, want)
	}
	var errs []error
	for name, value := range fields {
		errs = append(errs, contains(path+"."+name, object[name], value))
	}
	return errors.Join(errs...)
}

func containsList(path string, got any, want []any) error {
	list, _ := got.([]any)
	if len(list) != len(want) {
		return fmt.Errorf("%s is %v, expected %v", path, got, want)
	}
	var errs []error
	for i, value := range want {
		errs = append(errs, contains(fmt.Sprintf("%s[%d]", path, i), list[i], value))
	}
	return errors.Join(errs...)
}

func compareFixes(fixes []diagnose.Fix, want []string) error {
	var got []string
	for i := range fixes {
		got = append(got, fixText(&fixes[i]))
	}
	same := slices.EqualFunc(got, want, func(g, w string) bool {
		beginning, open := strings.CutSuffix(w, "…")
		return g == w || open && strings.HasPrefix(g, beginning)
	})
	if !same {
		return fmt.Errorf("fixes are %q, expected %q", got, want)
	}
	return nil
}
