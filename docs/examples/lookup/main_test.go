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
	want := `10001 items, 10000 known; the last is UNKNOWN_PERMANENT
/system.slice/docker-00042.scope web-42 [{image nginx:1.29}]
/system.slice/docker-00043.scope web-43 [{image nginx:1.29}]
`
	if out.String() != want {
		t.Fatalf("got\n%s", out.String())
	}
}
