package local

import (
	"errors"
	"strings"
	"testing"
)

func TestRunDir(t *testing.T) {
	for _, c := range []struct {
		name         string
		env          map[string]string
		euid         int
		conventional bool
		want         string // empty: an error
	}{
		{"told", map[string]string{"NETIPC_RUN_DIR": "a//b/", "XDG_RUNTIME_DIR": "/x"}, 0, true, "a//b/"},
		{"told, not root", map[string]string{"NETIPC_RUN_DIR": "/d"}, 1000, true, "/d"},
		{"told elsewhere", map[string]string{"NETIPC_RUN_DIR": `C:\run`}, -1, false, `C:\run`},
		{"root", map[string]string{"XDG_RUNTIME_DIR": "/x"}, 0, true, "/run/netipc"},
		{"user", map[string]string{"XDG_RUNTIME_DIR": "/run/user/1000"}, 1000, true, "/run/user/1000/netipc"},
		{"user without", nil, 1000, true, ""},
		{"elsewhere", map[string]string{"XDG_RUNTIME_DIR": "/x"}, -1, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := runDir(func(k string) string { return c.env[k] }, c.euid, c.conventional)
			if got != c.want || (err != nil) != (c.want == "") {
				t.Fatalf("%q, %v, want %q", got, err, c.want)
			}
			if err != nil && (!errors.Is(err, ErrNoRunDir) || !strings.Contains(err.Error(), RunDirVariable)) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestDefaultRunDir(t *testing.T) {
	t.Setenv(RunDirVariable, "somewhere")
	if dir, err := DefaultRunDir(); dir != "somewhere" || err != nil {
		t.Errorf("%q, %v", dir, err)
	}
}
