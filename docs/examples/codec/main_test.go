package main

import (
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(&out); err != nil {
		t.Fatal(err)
	}
	want := `generation 7
0 ssh /system.slice/ssh.service true
1 nginx /system.slice/nginx.service false
error: CGROUPS_SNAPSHOT response: item 1: length: out of bounds
  it points outside the message: item 1, field "length"
kept: 2 cgroups, ssh is the first
error: CGROUPS_SNAPSHOT response: layout_version: bad layout
  it is laid out in another way: item -1, field "layout_version"
`
	if out.String() != want {
		t.Fatalf("got\n%s", out.String())
	}
}
