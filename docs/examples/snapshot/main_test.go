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
	want := `ssh /sys/fs/cgroup/system.slice/ssh.service
nginx /sys/fs/cgroup/system.slice/nginx.service
true /sys/fs/cgroup/system.slice/ssh.service
`
	if out.String() != want {
		t.Fatalf("got\n%s", out.String())
	}
}
