package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is one line of `go test -json` (go doc test2json; build-output and build-fail have an ImportPath).
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Output      string
	Elapsed     float64
	FailedBuild string
}

// Counts are of top-level tests.
type Counts struct{ Passed, Failed, Skipped int }

// pkg is what has been seen of one package.
type pkg struct {
	Counts
	running map[string]bool             // tests that began, subtests included
	output  map[string]*strings.Builder // by test; "" is the package itself
	broken  []string                    // tests that failed, subtests included
}

// read consumes events and reports to w.
func read(r io.Reader, w io.Writer) (total Counts, err error) {
	pkgs := map[string]*pkg{}
	builds := map[string]*strings.Builder{}
	in := bufio.NewReader(r)
	for {
		line, readErr := in.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil || e.Action == "" {
				fmt.Fprintf(w, "%s", line) // the go command speaking for itself
			} else if e.ImportPath != "" {
				textOf(builds, e.ImportPath).WriteString(e.Output)
			} else {
				p := pkgs[e.Package]
				if p == nil {
					p = &pkg{running: map[string]bool{}, output: map[string]*strings.Builder{}}
					pkgs[e.Package] = p
				}
				if p.take(e, w, builds) {
					total.add(p.Counts)
					delete(pkgs, e.Package)
				}
			}
		}
		if readErr == io.EOF {
			break
		}
		if readErr != nil {
			return total, readErr
		}
	}
	// The stream ended without these: the go command was killed.
	for name, p := range pkgs {
		p.take(event{Action: "fail", Package: name}, w, builds)
		total.add(p.Counts)
	}
	return total, nil
}

func (c *Counts) add(d Counts) {
	c.Passed += d.Passed
	c.Failed += d.Failed
	c.Skipped += d.Skipped
}

// take handles one event; it returns true when the package has ended.
func (p *pkg) take(e event, w io.Writer, builds map[string]*strings.Builder) (ended bool) {
	switch e.Action {
	case "run":
		p.running[e.Test] = true
	case "output":
		textOf(p.output, e.Test).WriteString(e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			p.end(e, w, builds)
			return true
		}
		p.result(e, w)
	}
	return false
}

func (p *pkg) result(e event, w io.Writer) {
	delete(p.running, e.Test)
	top := !strings.Contains(e.Test, "/")
	switch e.Action {
	case "pass":
		if top {
			p.Passed++
		}
	case "skip":
		if top {
			p.Skipped++
		}
		fmt.Fprintf(w, "skip  %s %s: %s\n", e.Package, e.Test, reason(textOf(p.output, e.Test).String()))
	case "fail":
		p.broken = append(p.broken, e.Test)
		if top {
			p.Failed++
		}
	}
}

func (p *pkg) end(e event, w io.Writer, builds map[string]*strings.Builder) {
	for test := range p.running { // cut off by a panic or a timeout
		p.broken = append(p.broken, test)
		if !strings.Contains(test, "/") {
			p.Failed++
		}
	}
	if e.Action == "fail" && p.Failed == 0 {
		p.Failed++
	}
	switch {
	case p.Failed > 0:
		fmt.Fprintf(w, "FAIL  %s (%.1fs, %d of %d)\n", e.Package, e.Elapsed, p.Failed, p.Passed+p.Failed)
		if e.FailedBuild != "" {
			fmt.Fprint(w, textOf(builds, e.FailedBuild))
		}
		slices.Sort(p.broken)
		for _, test := range p.broken {
			fmt.Fprint(w, textOf(p.output, test))
		}
		fmt.Fprint(w, textOf(p.output, ""))
	case p.Passed+p.Skipped == 0:
		fmt.Fprintf(w, "none  %s\n", e.Package)
	default:
		fmt.Fprintf(w, "ok    %s (%.1fs, %d)\n", e.Package, e.Elapsed, p.Passed)
	}
}

// reason returns what a skipped test logged, on one line.
func reason(output string) string {
	var said []string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			said = append(said, line)
		}
	}
	return strings.Join(said, " ")
}

func textOf(m map[string]*strings.Builder, key string) *strings.Builder {
	if m[key] == nil {
		m[key] = new(strings.Builder)
	}
	return m[key]
}
