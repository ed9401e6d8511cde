package bench

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/plugin-ipc/netipc/bench/report"
)

// Case is one thing to measure. It becomes a row for each metric of its samples.
type Case struct {
	Name   string            // unique, e.g. "probe/futex"
	Params map[string]string // what the value depends on, e.g. "bytes": "64"

	// Against is the name of the case to compare with, in metrics of the same name. Empty: with none.
	Against string
	// Beside are further cases to compare with. Each makes one more row for every metric that it has too.
	Beside []string
	// Limits judges metrics: the ratio, to each of the cases compared with, or the value if there are none.
	Limits map[string]report.Limit
	// LimitsTo judges the ratios to one of the cases compared with, by its name, in place of Limits; an empty map
	// leaves them unjudged.
	LimitsTo map[string]map[string]report.Limit

	// Prepare runs once, before the first round, and may be nil. The function it returns runs after the last.
	Prepare func(ctx context.Context) (cleanup func(), err error)
	// Run takes one sample, in about d. It returns before ctx is done or soon after, and leaves nothing behind.
	// A Skip says that the case cannot be had on this machine.
	Run func(ctx context.Context, d time.Duration) (Sample, error)
}

// Sample is what one run of a case has measured.
type Sample []Metric

// Metric is one value of a sample.
type Metric struct {
	Name  string // e.g. "round-trip"
	Unit  string // e.g. "ns"
	Value float64
}

// Skip is the error of a case that cannot be had here; it says why.
type Skip string

// Error implements error.
func (s Skip) Error() string { return string(s) }

// Select returns the cases whose name matches, and those that they are compared with.
func Select(cases []Case, pattern string) ([]Case, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	byName := make(map[string]Case, len(cases))
	for _, c := range cases {
		if _, twice := byName[c.Name]; twice {
			return nil, fmt.Errorf("two cases are named %s", c.Name)
		}
		byName[c.Name] = c
	}
	wanted := map[string]bool{}
	for _, c := range cases {
		if !re.MatchString(c.Name) {
			continue
		}
		if err := want(c.Name, byName, wanted); err != nil {
			return nil, err
		}
	}
	var selected []Case
	for _, c := range cases {
		if wanted[c.Name] {
			selected = append(selected, c)
		}
	}
	return selected, nil
}

// want marks a case, and those that it is compared with.
func want(name string, byName map[string]Case, wanted map[string]bool) error {
	wanted[name] = true
	for _, other := range byName[name].others() {
		if _, ok := byName[other]; !ok {
			return fmt.Errorf("%s is compared with %s, which does not exist", name, other)
		}
		if wanted[other] {
			continue
		}
		if err := want(other, byName, wanted); err != nil {
			return err
		}
	}
	return nil
}

// others returns the names of the cases that c is compared with.
func (c Case) others() []string {
	if c.Against == "" {
		return c.Beside
	}
	return append([]string{c.Against}, c.Beside...)
}

// limit returns what judges a metric against one of the cases compared with.
func (c Case) limit(other, metric string) (report.Limit, bool) {
	limits, own := c.LimitsTo[other]
	if !own {
		limits = c.Limits
	}
	l, ok := limits[metric]
	return l, ok
}
