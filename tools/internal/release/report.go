package release

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Counts are of checks.
type Counts struct{ Passed, Failed int }

// report says of each check, as it ends, how that was.
type report struct {
	out io.Writer
	Counts
}

// check runs one check and returns whether it passed. note goes on its line.
func (r *report) check(name string, f func() (note string, err error)) bool {
	start := time.Now()
	note, err := f()
	if note != "" {
		note += ", "
	}
	note += fmt.Sprintf("%.1fs", time.Since(start).Seconds())
	if err == nil {
		r.Passed++
		fmt.Fprintf(r.out, "ok    %s (%s)\n", name, note)
		return true
	}
	r.Failed++
	fmt.Fprintf(r.out, "FAIL  %s (%s)\n", name, note)
	for line := range strings.Lines(strings.TrimSpace(err.Error())) {
		fmt.Fprintf(r.out, "      %s\n", strings.TrimRight(line, "\n"))
	}
	return false
}
