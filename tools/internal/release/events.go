package release

import (
	"bufio"
	"encoding/json"
	"io"
	"regexp"
	"strings"
)

// event is one line of `go test -json` (go doc test2json, go help buildjson).
type event struct {
	Action, Package, ImportPath, Test, Output string
}

// results are of top-level tests.
type results struct {
	passed   int
	skipped  map[string]int // by the reason
	failures string         // what failing tests, packages and builds said
}

// readEvents reads what a go command printed.
func readEvents(in io.Reader) results {
	r := results{skipped: map[string]int{}}
	said := map[[2]string]*strings.Builder{} // by package and test; the package itself is test ""
	say := func(pkg, test string) *strings.Builder {
		key := [2]string{pkg, test}
		if said[key] == nil {
			said[key] = new(strings.Builder)
		}
		return said[key]
	}
	var failures strings.Builder
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		var e event
		switch {
		case strings.TrimSpace(line) == "":
		case json.Unmarshal([]byte(line), &e) != nil:
			failures.WriteString(line) // the go command speaking for itself
		case strings.HasPrefix(e.Output, "=== "): // a test begins or goes on
		case e.Action == "output":
			say(e.Package, e.Test).WriteString(e.Output)
		case e.Action == "build-output":
			failures.WriteString(e.Output)
		case e.Action == "fail":
			failures.WriteString(say(e.Package, e.Test).String())
		case e.Test == "" || strings.Contains(e.Test, "/"):
		case e.Action == "pass":
			r.passed++
		case e.Action == "skip":
			r.skipped[reason(say(e.Package, e.Test).String())]++
		}
		if err != nil {
			r.failures = failures.String()
			return r
		}
	}
}

var place = regexp.MustCompile(`^\s*[\w.-]+\.go:\d+: `)

// reason returns what a skipped test logged, on one line and without the place.
func reason(output string) string {
	var words []string
	for line := range strings.Lines(output) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "--- ") {
			words = append(words, place.ReplaceAllString(line, ""))
		}
	}
	return strings.Join(words, " ")
}
