package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/bench/report"
)

// values makes a case whose rounds bring these values; the first is thrown away by Run.
func values(name string, vs ...float64) Case {
	i := 0
	return Case{Name: name, Run: func(context.Context, time.Duration) (Sample, error) {
		v := vs[i]
		i++
		return Sample{{"time", "ns", v}}, nil
	}}
}

func run(t *testing.T, rounds int, cases ...Case) map[string]report.Row {
	t.Helper()
	result, err := Run(t.Context(), cases, Options{Rounds: rounds, Duration: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]report.Row{}
	for _, r := range result.Rows {
		rows[r.Name] = r
	}
	return rows
}

func TestMedianAndSpread(t *testing.T) {
	row := run(t, 5, values("a", 1000, 10, 30, 20, 14, 16))["a/time"]
	if row.Value != 16 || row.Spread != 20.0/16 || row.Unit != "ns" {
		t.Errorf("%+v, want 16 ns with spread 1.25: the first round is for warming up", row)
	}
	if row := run(t, 2, values("a", 0, 10, 20))["a/time"]; row.Value != 15 {
		t.Errorf("%+v, want the mean of the middle two", row)
	}
}

// The ratio is of values of one round: a machine that becomes slower in between leaves it alone.
func TestRatioIsPerRound(t *testing.T) {
	slow := values("slow", 0, 20, 200, 2000)
	slow.Against = "ref"
	slow.Limits = map[string]report.Limit{"time": report.AtMost(2)}
	row := run(t, 3, values("ref", 0, 10, 100, 1000), slow)["slow/time"]
	if row.Ratio == nil || *row.Ratio != 2 || row.Against != "ref" || row.Pass == nil || !*row.Pass {
		t.Errorf("%+v, want ratio 2, passed", row)
	}
	slow = values("slow", 0, 21, 210, 2100)
	slow.Against = "ref"
	slow.Limits = map[string]report.Limit{"time": report.AtMost(2)}
	if row := run(t, 3, values("ref", 0, 10, 100, 1000), slow)["slow/time"]; row.Pass == nil || *row.Pass {
		t.Errorf("%+v, want a ratio of 2.1 to fail", row)
	}
}

// Nothing passes unseen: a limit on a ratio fails where the reference is not to be had.
func TestLimitWithoutReferenceFails(t *testing.T) {
	ref := Case{Name: "ref", Run: func(context.Context, time.Duration) (Sample, error) { return nil, Skip("no compiler") }}
	c := values("c", 1, 1)
	c.Against = "ref"
	c.Limits = map[string]report.Limit{"time": report.AtMost(100)}
	result, err := Run(t.Context(), []Case{ref, c}, Options{Rounds: 1})
	if err != nil {
		t.Fatal(err)
	}
	if result.Skipped["ref"] != "no compiler" {
		t.Errorf("skipped: %v", result.Skipped)
	}
	if len(result.Rows) != 1 || result.Rows[0].Ratio != nil || result.Rows[0].Pass == nil || *result.Rows[0].Pass {
		t.Errorf("%+v, want one row that fails", result.Rows)
	}
}

// A case that is compared with several has a row for each, and each is judged.
func TestBeside(t *testing.T) {
	c := values("c", 1, 6)
	c.Against, c.Beside = "a", []string{"b", "other"}
	c.Limits = map[string]report.Limit{"time": report.AtMost(2)}
	other := Case{Name: "other", Run: func(context.Context, time.Duration) (Sample, error) { return Sample{{"size", "B", 1}}, nil }}
	result, err := Run(t.Context(), []Case{values("a", 1, 3), values("b", 1, 2), other, c}, Options{Rounds: 1})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range result.Rows {
		if r.Name == "c/time" {
			got = append(got, fmt.Sprint(r.Against, *r.Pass))
		}
	}
	if want := []string{"atrue", "bfalse", "false"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q: what it is to be compared with is missing in the last", got, want)
	}
	c.Limits = nil
	result, err = Run(t.Context(), []Case{values("a", 1, 3), values("b", 1, 2), other, withValues(c, 1, 6)}, Options{Rounds: 1})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(result.Rows); n != 5 {
		t.Errorf("%d rows, want 5: without a limit what has no ratio needs no row", n)
	}
}

// Each of the cases that one is compared with may have limits of its own.
func TestLimitsTo(t *testing.T) {
	c := values("c", 1, 6)
	c.Against, c.Beside = "a", []string{"b", "d"}
	c.Limits = map[string]report.Limit{"time": report.AtMost(2)}
	c.LimitsTo = map[string]map[string]report.Limit{"b": {"time": report.AtMost(3)}, "d": nil}
	result, err := Run(t.Context(), []Case{values("a", 1, 2), values("b", 1, 2), values("d", 1, 1), c}, Options{Rounds: 1})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range result.Rows {
		if r.Name == "c/time" {
			verdict := "unjudged"
			if r.Pass != nil {
				verdict = fmt.Sprint(*r.Pass)
			}
			got = append(got, r.Against+" "+r.Limit.String()+" "+verdict)
		}
	}
	if want := []string{"a <=2 false", "b <=3 true", "d  unjudged"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func withValues(c Case, vs ...float64) Case {
	c.Run = values("", vs...).Run
	return c
}

func TestLimitOnValue(t *testing.T) {
	c := values("c", 5, 5)
	c.Limits = map[string]report.Limit{"time": report.AtLeast(6)}
	if row := run(t, 1, c)["c/time"]; row.Pass == nil || *row.Pass {
		t.Errorf("%+v, want a failure", row)
	}
}

// Every round has each case once and begins with another one.
func TestInterleaved(t *testing.T) {
	var order []string
	cases := []Case{}
	for _, name := range []string{"a", "b", "c"} {
		cases = append(cases, Case{Name: name, Run: func(context.Context, time.Duration) (Sample, error) {
			order = append(order, name)
			return Sample{{"time", "ns", 1}}, nil
		}})
	}
	run(t, 3, cases...)
	if got := strings.Join(order, ""); got != "abc"+"bca"+"cab"+"abc" {
		t.Errorf("order %s", got)
	}
}

func TestPrepareAndCleanUp(t *testing.T) {
	var log []string
	c := values("a", 1, 1)
	c.Prepare = func(context.Context) (func(), error) {
		log = append(log, "prepare")
		return func() { log = append(log, "clean up") }, nil
	}
	run(t, 1, c)
	c.Run = func(context.Context, time.Duration) (Sample, error) { return nil, errors.New("broken") }
	if _, err := Run(t.Context(), []Case{c}, Options{}); err == nil {
		t.Error("no error from a broken case")
	}
	if want := []string{"prepare", "clean up", "prepare", "clean up"}; !slices.Equal(log, want) {
		t.Errorf("%v, want %v", log, want)
	}
}

func TestImpossibleValuesAreErrors(t *testing.T) {
	for _, s := range []Sample{{}, {{"time", "ns", -1}}, {{"time", "ns", math.NaN()}}, {{"time", "ns", math.Inf(1)}}} {
		c := Case{Name: "c", Run: func(context.Context, time.Duration) (Sample, error) { return s, nil }}
		if _, err := Run(t.Context(), []Case{c}, Options{}); err == nil {
			t.Errorf("%v accepted", s)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := Case{Name: "c", Run: func(context.Context, time.Duration) (Sample, error) {
		cancel()
		return Sample{{"time", "ns", 1}}, nil
	}}
	if _, err := Run(ctx, []Case{c}, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}

func TestSelect(t *testing.T) {
	cases := []Case{{Name: "ref"}, {Name: "other"}, {Name: "uds", Against: "poller", Beside: []string{"spin"}}, {Name: "poller", Against: "ref"}, {Name: "spin"}}
	got, err := Select(cases, "^uds$")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range got {
		names = append(names, c.Name)
	}
	if want := []string{"ref", "uds", "poller", "spin"}; !slices.Equal(names, want) {
		t.Errorf("%v, want %v: a case brings what it is compared with", names, want)
	}
	for _, bad := range [][]Case{{{Name: "a"}, {Name: "a"}}, {{Name: "a", Against: "none"}}, {{Name: "a", Beside: []string{"none"}}}} {
		if _, err := Select(bad, ""); err == nil {
			t.Errorf("%v accepted", bad)
		}
	}
	if _, err := Select(cases, "("); err == nil {
		t.Error("a broken pattern accepted")
	}
}
