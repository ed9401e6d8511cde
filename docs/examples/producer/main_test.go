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
	want := `while a list is being made, generation 1: ssh
afterwards, generation 2: ssh nginx
`
	if out.String() != want {
		t.Fatalf("got\n%s", out.String())
	}
}
