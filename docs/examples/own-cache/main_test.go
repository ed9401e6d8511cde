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
	want := `owner of 192.0.2.7 is Example One
refreshed once more: 1 of 2 brought nothing new
192.0.2.7 went from Example One to Example Two
the provider is gone; owner of 192.0.2.7 is Example Two
`
	if out.String() != want {
		t.Fatalf("got\n%s", out.String())
	}
}
