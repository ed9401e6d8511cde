package report

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

func ptr[T any](v T) *T { return &v }

var sample = []Row{
	{
		Name: "uds/increment/round-trip", Params: map[string]string{"depth": "1", "bytes": "8"}, Unit: "ns",
		Value: 9123.25, Spread: 0.125, Against: "probe/seqpacket-poller", Ratio: ptr(1.25), Limit: AtMost(1.3), Pass: ptr(true),
	},
	{Name: "probe/memcpy/bandwidth", Params: map[string]string{}, Unit: "GB/s", Value: 11.5},
	{Name: `odd "name", with comma`, Params: map[string]string{"a": "x y"}, Unit: "µs", Value: 1e-9, Limit: AtLeast(2), Pass: ptr(false)},
}

func TestJSON(t *testing.T) {
	var b strings.Builder
	if err := WriteJSON(&b, sample); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(b.String(), "\n"); lines != len(sample) {
		t.Errorf("%d lines for %d rows", lines, len(sample))
	}
	got, err := ReadJSON(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, sample) {
		t.Errorf("read back\n%+v, want\n%+v", got, sample)
	}
	// One schema everywhere: a row without limit and ratio has the fields too.
	for line := range strings.Lines(b.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatal(err)
		}
		for _, name := range columns {
			if _, ok := fields[name]; !ok {
				t.Errorf("no %q in %s", name, line)
			}
		}
		if len(fields) != len(columns) {
			t.Errorf("%d fields, want %d: %s", len(fields), len(columns), line)
		}
	}
}

func TestReadJSONRefuses(t *testing.T) {
	for _, bad := range []string{`{"name":1}`, `{"nome":"x"}`, `{"limit":"<1"}`, `{"limit":"<=x"}`, `{`} {
		if rows, err := ReadJSON(strings.NewReader(bad)); err == nil {
			t.Errorf("%s: accepted as %+v", bad, rows)
		}
	}
}

func TestCSV(t *testing.T) {
	var b strings.Builder
	if err := WriteCSV(&b, sample); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		columns,
		{"uds/increment/round-trip", "bytes=8 depth=1", "ns", "9123.25", "0.125", "probe/seqpacket-poller", "1.25", "<=1.3", "true"},
		{"probe/memcpy/bandwidth", "", "GB/s", "11.5", "0", "", "", "", ""},
		{`odd "name", with comma`, "a=x y", "µs", "1e-09", "0", "", "", ">=2", "false"},
	}
	if !reflect.DeepEqual(records, want) {
		t.Errorf("got\n%q, want\n%q", records, want)
	}
}

func TestTable(t *testing.T) {
	var b strings.Builder
	if err := WriteTable(&b, sample); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"9123 ns", "12%", "1.25", "<=1.3", "11.5 GB/s"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestLimit(t *testing.T) {
	for _, row := range []struct {
		limit Limit
		v     float64
		holds bool
	}{
		{Limit{}, 1, true},
		{AtMost(2), 2, true}, {AtMost(2), 2.01, false}, {AtMost(2), math.NaN(), false},
		{AtLeast(2), 2, true}, {AtLeast(2), 1.99, false}, {AtLeast(2), math.NaN(), false},
	} {
		if got := row.limit.Holds(row.v); got != row.holds {
			t.Errorf("%v %q: %v", row.v, row.limit, got)
		}
		back, err := ParseLimit(row.limit.String())
		if err != nil || back != row.limit {
			t.Errorf("%q read back as %q, %v", row.limit, back, err)
		}
	}
}
