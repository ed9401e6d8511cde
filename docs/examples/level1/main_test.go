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
	want := `request 2: 100
request 1: 42
nobody answers: timeout, the session goes on
another goroutine interrupts: interrupted, the session goes on
the server leaves in good order: closed by the peer, nothing is lost
the server leaves in the middle of an answer: broken, what was under way is lost
the server answers what nobody asked: a violation of the protocol
this side closes: closed here
`
	if out.String() != want {
		t.Fatalf("got\n%s", out.String())
	}
}
