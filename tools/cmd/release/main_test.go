package main

import (
	"strings"
	"testing"
)

func TestUsage(t *testing.T) {
	for _, row := range []struct {
		args   []string
		status int
		out    string
		errs   string
	}{
		{nil, 2, "", "usage: release verify"},
		{[]string{"help"}, 0, "usage: release verify", ""},
		{[]string{"publish"}, 2, "", `no command "publish"`},
		{[]string{"verify", "-h"}, 0, "", "-commit COMMIT"},
		{[]string{"verify", "codec"}, 2, "", `what is "codec"?`},
		{[]string{"verify", "-fast"}, 2, "", "not defined: -fast"},
		{[]string{"verify", "-update", "-commit", "HEAD"}, 2, "", "does not go with -commit"},
	} {
		var out, errs strings.Builder
		if status := run(t.Context(), row.args, &out, &errs); status != row.status {
			t.Errorf("%q: status %d, want %d", row.args, status, row.status)
		}
		if !strings.Contains(out.String(), row.out) || !strings.Contains(errs.String(), row.errs) {
			t.Errorf("%q: %q, %q", row.args, out.String(), errs.String())
		}
	}
}

func TestNoWorkspace(t *testing.T) {
	t.Chdir(t.TempDir())
	var out, errs strings.Builder
	if status := run(t.Context(), []string{"verify"}, &out, &errs); status != 1 || !strings.Contains(errs.String(), "release verify: no go.work in ") {
		t.Errorf("status %d: %s", status, errs.String())
	}
}
