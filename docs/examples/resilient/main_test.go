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
	want := `before the provider: ok=false value=0 state=NOT_FOUND
provider started: ok=true value=1 state=READY
nothing happened: ok=true value=2 state=READY
provider restarted: ok=true value=3 state=READY
provider stopped: ok=false value=3 state=NOT_FOUND
still away: ok=false value=3 state=NOT_FOUND
provider back: ok=true value=4 state=READY
3 sessions, 2 of them after the first
`
	if out.String() != want {
		t.Fatalf("got\n%s", out.String())
	}
}
