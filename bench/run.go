package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/plugin-ipc/netipc/bench/report"
)

// MinRounds is the least number of rounds of a measurement that is to be published (spec 13).
const MinRounds = 7

// Options say how to measure. The zero value of a field gives the default in its comment.
type Options struct {
	Rounds   int           // samples of each case; default MinRounds
	Duration time.Duration // of one sample; default 200 ms
	// Progress is told what begins; default: nobody.
	Progress func(round int, name string)
}

func (o Options) withDefaults() Options {
	if o.Rounds == 0 {
		o.Rounds = MinRounds
	}
	if o.Duration == 0 {
		o.Duration = 200 * time.Millisecond
	}
	if o.Progress == nil {
		o.Progress = func(int, string) {}
	}
	return o
}

// Result is what a run has brought.
type Result struct {
	Rows    []report.Row
	Skipped map[string]string // name of a case that cannot be had here, and why
}

// Run measures the cases: a round that is thrown away, in which caches and clocks warm up, and then
// Options.Rounds rounds of one sample of each case, each round beginning with another case. It stops at the
// first error, and when ctx is done.
func Run(ctx context.Context, cases []Case, o Options) (Result, error) {
	o = o.withDefaults()
	result := Result{Skipped: map[string]string{}}
	samples := map[string][]Sample{}
	for _, c := range cases {
		cleanup, err := prepare(ctx, c)
		if why := Skip(""); errors.As(err, &why) {
			result.Skipped[c.Name] = string(why)
			continue
		}
		if err != nil {
			return result, fmt.Errorf("prepare %s: %w", c.Name, err)
		}
		defer cleanup()
	}
	for round := range o.Rounds + 1 {
		for i := range cases {
			c := cases[(i+round)%len(cases)]
			if _, skipped := result.Skipped[c.Name]; skipped {
				continue
			}
			if err := ctx.Err(); err != nil {
				return result, err
			}
			o.Progress(round, c.Name)
			s, err := c.Run(ctx, o.Duration)
			if why := Skip(""); errors.As(err, &why) && round == 0 {
				result.Skipped[c.Name] = string(why)
				continue
			}
			if err == nil {
				err = s.check()
			}
			if err != nil {
				return result, fmt.Errorf("%s, round %d: %w", c.Name, round, err)
			}
			if round > 0 {
				samples[c.Name] = append(samples[c.Name], s)
			}
		}
	}
	for _, c := range cases {
		result.Rows = append(result.Rows, rows(c, samples)...)
	}
	return result, nil
}

func prepare(ctx context.Context, c Case) (cleanup func(), err error) {
	if c.Prepare != nil {
		cleanup, err = c.Prepare(ctx)
	}
	if cleanup == nil {
		cleanup = func() {}
	}
	return cleanup, err
}

// check refuses values that no measurement can have.
func (s Sample) check() error {
	if len(s) == 0 {
		return errors.New("a sample without a metric")
	}
	for _, m := range s {
		if math.IsNaN(m.Value) || math.IsInf(m.Value, 0) || m.Value < 0 {
			return fmt.Errorf("%s is %v %s", m.Name, m.Value, m.Unit)
		}
	}
	return nil
}

// value returns the metric of that name.
func (s Sample) value(name string) (float64, bool) {
	for _, m := range s {
		if m.Name == name {
			return m.Value, true
		}
	}
	return 0, false
}

// rows makes one row for each metric of the case and each case that it is compared with.
func rows(c Case, samples map[string][]Sample) (out []report.Row) {
	own := samples[c.Name]
	if len(own) == 0 {
		return nil
	}
	for _, m := range own[0] {
		others := c.others()
		if len(others) == 0 {
			others = []string{""}
		}
		for i, other := range others {
			limit, limited := c.limit(other, m.Name)
			row, values := report.Row{Name: c.Name + "/" + m.Name, Params: c.Params, Unit: m.Unit}, []float64(nil)
			for _, s := range own {
				if v, ok := s.value(m.Name); ok {
					values = append(values, v)
				}
			}
			row.Value, row.Spread = median(values), spread(values)
			if ratios := ratios(m.Name, own, samples[other]); len(ratios) > 0 {
				ratio := median(ratios)
				row.Against, row.Ratio = other, &ratio
			} else if i > 0 && !limited {
				continue // the other case does not have this metric
			}
			if limited {
				row.Limit = limit
				judged := row.Value
				if other != "" {
					judged = math.NaN() // what it is to be compared with is missing: that is not a pass
					if row.Ratio != nil {
						judged = *row.Ratio
					}
				}
				pass := limit.Holds(judged)
				row.Pass = &pass
			}
			out = append(out, row)
		}
	}
	return out
}

// ratios returns the ratios of a metric in the rounds in which both cases have it.
func ratios(metric string, own, other []Sample) (out []float64) {
	for round, s := range own[:min(len(own), len(other))] {
		v, ok := s.value(metric)
		ref, has := other[round].value(metric)
		if ok && has && ref > 0 {
			out = append(out, v/ref)
		}
	}
	return out
}

func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	n := len(s)
	if n%2 == 1 {
		return s[n/2]
	}
	return (s[n/2-1] + s[n/2]) / 2
}

// spread is the whole range of the values as a share of their median.
func spread(values []float64) float64 {
	if m := median(values); m > 0 {
		return (slices.Max(values) - slices.Min(values)) / m
	}
	return 0
}
