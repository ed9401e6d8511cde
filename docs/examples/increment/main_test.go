//go:build linux || freebsd

package main

import (
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	want := `single: 42
batch: [2 3 4]
concurrent, right answers: 800
state: READY calls: 802 errors: 0 sessions: 1
sessions at the end: 0
`
	if out.String() != want {
		t.Fatalf("got\n%s", out.String())
	}
}
