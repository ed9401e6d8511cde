package main

import (
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	for _, row := range []struct {
		name   string
		events string
		counts Counts
		says   []string
	}{
		{"nothing", "", Counts{}, nil},
		{"a package without tests", `{"Action":"skip","Package":"p"}`, Counts{}, []string{"none  p"}},
		{
			"pass and skip",
			`{"Action":"run","Package":"p","Test":"TestA"}
			{"Action":"run","Package":"p","Test":"TestA/sub"}
			{"Action":"pass","Package":"p","Test":"TestA/sub"}
			{"Action":"pass","Package":"p","Test":"TestA"}
			{"Action":"run","Package":"p","Test":"TestB"}
			{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN TestB\n"}
			{"Action":"output","Package":"p","Test":"TestB","Output":"    x_test.go:1: no compiler\n"}
			{"Action":"skip","Package":"p","Test":"TestB"}
			{"Action":"pass","Package":"p","Elapsed":1.5}`,
			Counts{1, 0, 1},
			[]string{"ok    p (1.5s, 1)", "skip  p TestB: x_test.go:1: no compiler"},
		},
		{
			"a failing subtest",
			`{"Action":"run","Package":"p","Test":"TestA"}
			{"Action":"run","Package":"p","Test":"TestA/sub"}
			{"Action":"output","Package":"p","Test":"TestA/sub","Output":"got 1\n"}
			{"Action":"fail","Package":"p","Test":"TestA/sub"}
			{"Action":"fail","Package":"p","Test":"TestA"}
			{"Action":"fail","Package":"p"}`,
			Counts{0, 1, 0},
			[]string{"FAIL  p", "got 1"},
		},
		{
			"does not build",
			`{"ImportPath":"p [p.test]","Action":"build-output","Output":"x.go:1: undefined: y\n"}
			{"ImportPath":"p [p.test]","Action":"build-fail"}
			{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}`,
			Counts{0, 1, 0},
			[]string{"undefined: y"},
		},
		{
			"fails after its tests",
			`{"Action":"run","Package":"p","Test":"TestA"}
			{"Action":"pass","Package":"p","Test":"TestA"}
			{"Action":"output","Package":"p","Output":"leaked 3 descriptors\n"}
			{"Action":"fail","Package":"p"}`,
			Counts{1, 1, 0},
			[]string{"leaked 3"},
		},
		{
			"a test that never ended",
			`{"Action":"run","Package":"p","Test":"TestA"}
			{"Action":"output","Package":"p","Test":"TestA","Output":"panic: timed out\n"}
			{"Action":"fail","Package":"p"}`,
			Counts{0, 1, 0},
			[]string{"panic: timed out"},
		},
		{
			"a stream that breaks off",
			`{"Action":"run","Package":"p","Test":"TestA"}`,
			Counts{0, 1, 0},
			[]string{"FAIL  p"},
		},
		{"no event at all", "go: errors parsing go.mod", Counts{}, []string{"errors parsing"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var said strings.Builder
			counts, err := read(strings.NewReader(row.events), &said)
			if err != nil {
				t.Fatal(err)
			}
			if counts != row.counts {
				t.Errorf("counts %+v, want %+v", counts, row.counts)
			}
			for _, want := range row.says {
				if !strings.Contains(said.String(), want) {
					t.Errorf("did not say %q but:\n%s", want, said.String())
				}
			}
		})
	}
}
