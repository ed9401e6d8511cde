package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// block is a stretch of statements that are run together or not at all.
type block struct {
	file     string // import path and name
	from, to int    // lines
	columns  [2]int
}

// parse reads a profile of go test: for each block how often it was run, at most. A block may come more than
// once.
func parse(profile string) (map[block]int, error) {
	all := map[block]int{}
	for line := range strings.Lines(profile) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "mode:") {
			continue
		}
		file, rest, ok := strings.Cut(line, ":")
		b := block{file: file}
		var statements, runs int
		if _, err := fmt.Sscanf(rest, "%d.%d,%d.%d %d %d", &b.from, &b.columns[0], &b.to, &b.columns[1], &statements, &runs); err != nil || !ok {
			return nil, fmt.Errorf("no line of a profile: %q (%v)", line, err)
		}
		if statements > 0 {
			all[b] = max(all[b], runs)
		}
	}
	return all, nil
}

const mark = "// unreachable: "

// judge returns the blocks that were not run and do not say why, and those that say so and were.
func judge(blocks map[block]int, read func(file string) ([]byte, error)) (bad []string, err error) {
	sources := map[string][][]byte{}
	order := slices.SortedFunc(maps.Keys(blocks), func(a, b block) int {
		if c := strings.Compare(a.file, b.file); c != 0 {
			return c
		}
		return a.from - b.from
	})
	for _, b := range order {
		lines, ok := sources[b.file]
		if !ok {
			text, err := read(b.file)
			if err != nil {
				return nil, err
			}
			lines = bytes.Split(text, []byte("\n"))
			sources[b.file] = lines
		}
		if b.from < 1 || b.to > len(lines) || b.from > b.to {
			return nil, fmt.Errorf("%s has no lines %d to %d", b.file, b.from, b.to)
		}
		place := fmt.Sprintf("%s:%d", strings.TrimPrefix(b.file, prefix), b.from)
		reason := hasReason(lines[b.from-1 : b.to])
		switch {
		case blocks[b] == 0 && !reason:
			bad = append(bad, fmt.Sprintf("%s: no test gets here, and no %q says why: %s", place, strings.TrimSpace(mark), excerpt(lines[b.from-1:b.to])))
		case blocks[b] > 0 && reason && innermost(b, blocks):
			bad = append(bad, place+": said to be unreachable, and a test got here")
		}
	}
	return bad, nil
}

func hasReason(lines [][]byte) bool {
	return slices.ContainsFunc(lines, func(line []byte) bool {
		_, reason, found := bytes.Cut(line, []byte(mark))
		return found && len(bytes.TrimSpace(reason)) > 0
	})
}

// innermost reports whether no other block begins or ends within b's lines: then a reason there is b's own.
func innermost(b block, all map[block]int) bool {
	for o := range all {
		if o != b && o.file == b.file && o.from <= b.to && o.to >= b.from {
			return false
		}
	}
	return true
}

// excerpt returns the first line of a block that says something.
func excerpt(lines [][]byte) string {
	for _, line := range lines[min(1, len(lines)-1):] {
		if s := strings.TrimSpace(string(line)); s != "" && s != "}" {
			return s
		}
	}
	return strings.TrimSpace(string(lines[0]))
}
