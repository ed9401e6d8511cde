package vectortest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// counts says how many rows there must be: of a file by subdirectory and family ("codec/hello"), of a section of
// a document by subdirectory and section ("derive/service_names"), of files by subdirectory ("transcripts").
type counts struct {
	readme   map[string]int
	manifest map[string]int // goes before the README
}

// MinRows returns how many rows a file has at least: as manifest.json says, else README.md, else 1.
func MinRows(tb testing.TB, f File) int {
	tb.Helper()
	return MinSection(tb, f, f.Family)
}

// MinSection is MinRows for a named section of a document, such as the members of derive/names.json.
func MinSection(tb testing.TB, f File, section string) int {
	tb.Helper()
	c, err := readCounts(filepath.Dir(filepath.Dir(f.Path)))
	if err != nil {
		tb.Fatal(err)
	}
	return c.least(f.Sub + "/" + section)
}

func (c counts) least(key string) int {
	if n, ok := c.manifest[key]; ok {
		return n
	}
	return max(c.readme[key], 1)
}

// missing lists what must be among the files of a subdirectory and is not. A README counts when its directory
// claims to be complete; sections of documents are in it too, and tell nothing here.
func (c counts) missing(sub string, files []File, complete bool) (problems []string) {
	due := map[string]int{}
	if complete {
		for key, n := range c.readme {
			if sub != "derive" || !strings.Contains(key, "/") {
				due[key] = n
			}
		}
	}
	for key, n := range c.manifest {
		due[key] = n
	}
	if n := due[sub]; len(files) < n {
		problems = append(problems, fmt.Sprintf("%d files in %s, but %d were recorded", len(files), sub, n))
	}
	for key, n := range due {
		if path.Dir(key) == sub && n > 0 && !slices.ContainsFunc(files, func(f File) bool { return f.Family == path.Base(key) }) {
			problems = append(problems, fmt.Sprintf("%s is missing: %d rows were recorded", key, n))
		}
	}
	slices.Sort(problems)
	return problems
}

func readCounts(dir string) (c counts, err error) {
	b, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return c, err
	}
	c.readme = parseReadme(string(b))
	b, err = os.ReadFile(filepath.Join(dir, "manifest.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	named := map[string]int{}
	if err := json.Unmarshal(b, &named); err != nil {
		return c, fmt.Errorf("%s: %w", filepath.Join(dir, "manifest.json"), err)
	}
	c.manifest = map[string]int{}
	for name, n := range named {
		c.manifest[path.Join(path.Dir(name), family(path.Base(name)))] = n
	}
	return c, nil
}

// The README has a heading "### codec/ (A)" for each subdirectory. Below it a file and its rows stand in cells
// side by side, "| hello | 51 |" and "| apps_lookup_request / _response (.gz) | 27 / 68 |", or in the text,
// "`client_ack.jsonl` (81)"; the number of files leads a paragraph, "76 files".
var (
	heading = regexp.MustCompile(`(?m)^(##+) *(?:([a-z]+)/)?.*$`)
	cells   = regexp.MustCompile(`(?m)\| *([a-z][a-z0-9_]*)(?: / _([a-z0-9]+))?(?: \([^|]*\))? *\| *(\d+)(?: / (\d+))?`)
	inText  = regexp.MustCompile("`([a-z][a-z0-9_.]*)`\\s*\\((\\d+)\\b")
	files   = regexp.MustCompile(`(?m)^(\d+) files\b`)
)

func parseReadme(text string) map[string]int {
	out := map[string]int{}
	heads := heading.FindAllStringSubmatchIndex(text, -1)
	for i, h := range heads {
		if h[4] < 0 {
			continue // a heading of something else
		}
		sub, end := text[h[4]:h[5]], len(text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		parseSection(out, sub, text[h[1]:end])
	}
	return out
}

func parseSection(out map[string]int, sub, text string) {
	set := func(name, digits string) {
		if n, err := strconv.Atoi(digits); err == nil {
			out[path.Join(sub, family(name))] = n
		}
	}
	for _, m := range cells.FindAllStringSubmatch(text, -1) {
		set(m[1], m[3])
		if m[2] != "" {
			set(m[1][:strings.LastIndex(m[1], "_")+1]+m[2], m[4])
		}
	}
	for _, m := range inText.FindAllStringSubmatch(text, -1) {
		set(m[1], m[2])
	}
	if m := files.FindStringSubmatch(text); m != nil {
		set("", m[1])
	}
}
