// Package report has the row that every measurement becomes, and its formats: JSON lines, CSV, and a table for
// people. The schema is one everywhere, so that runs of different programs can be read together (spec 13).
package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Row is one measured value with what it is to be read against.
type Row struct {
	Name    string            `json:"name"`
	Params  map[string]string `json:"parameters"`
	Unit    string            `json:"unit"`
	Value   float64           `json:"value"`   // median over the rounds
	Spread  float64           `json:"spread"`  // (largest - smallest) / median, over the rounds
	Against string            `json:"against"` // name of the probe or peer; empty: none
	Ratio   *float64          `json:"ratio"`   // to Against, the median of the rounds' ratios; nil: none
	Limit   Limit             `json:"limit"`   // on Ratio, or on Value if Against is empty
	Pass    *bool             `json:"pass"`    // nil: there is no limit
}

// params returns "a=1 b=2", sorted.
func (r Row) params() string {
	var s []string
	for _, k := range slices.Sorted(maps.Keys(r.Params)) {
		s = append(s, k+"="+r.Params[k])
	}
	return strings.Join(s, " ")
}

// Limit is a bound that a row has to keep. The zero value is none.
type Limit struct {
	op    string // "", "<=" or ">="
	bound float64
}

// AtMost is the limit "<= bound".
func AtMost(bound float64) Limit { return Limit{"<=", bound} }

// AtLeast is the limit ">= bound".
func AtLeast(bound float64) Limit { return Limit{">=", bound} }

// Holds reports whether v keeps the limit. NaN keeps none but the zero Limit.
func (l Limit) Holds(v float64) bool {
	switch l.op {
	case "<=":
		return v <= l.bound
	case ">=":
		return v >= l.bound
	}
	return true
}

// String returns "<=1.25", or "" for none.
func (l Limit) String() string {
	if l.op == "" {
		return ""
	}
	return l.op + strconv.FormatFloat(l.bound, 'g', -1, 64)
}

// ParseLimit is the inverse of String.
func ParseLimit(s string) (Limit, error) {
	if s == "" {
		return Limit{}, nil
	}
	for _, op := range []string{"<=", ">="} {
		if rest, ok := strings.CutPrefix(s, op); ok {
			bound, err := strconv.ParseFloat(rest, 64)
			if err != nil {
				return Limit{}, fmt.Errorf("limit %q: %w", s, err)
			}
			return Limit{op, bound}, nil
		}
	}
	return Limit{}, fmt.Errorf("limit %q: %w", s, errors.New("want <=NUMBER or >=NUMBER"))
}

// MarshalJSON writes the String, or null for none.
func (l Limit) MarshalJSON() ([]byte, error) {
	if l.op == "" {
		return []byte("null"), nil
	}
	return json.Marshal(l.String())
}

// UnmarshalJSON reads what MarshalJSON writes.
func (l *Limit) UnmarshalJSON(b []byte) error {
	var s *string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	*l = Limit{}
	if s == nil {
		return nil
	}
	parsed, err := ParseLimit(*s)
	if err == nil {
		*l = parsed
	}
	return err
}
