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
	want := `192.0.2.7: 64496 "Example One"
2001:db8::1: 64511 "Example Two"
203.0.113.1: 0 ""
`
	if out.String() != want {
		t.Fatalf("got\n%s", out.String())
	}
}
