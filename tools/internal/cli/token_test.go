package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAuthToken(t *testing.T) {
	needCgroups(t)
	dir := tempDir(t)
	file := filepath.Join(dir, "token")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("0xa0a0b0b0c0c0d0d0\n")
	r := launch(t, "serve", "--run-dir", dir, "--auth-token-file", file)
	r.err.awaitText(t, 0, "msg=serving")

	get := []string{"get", "cgroups", "--no-embed", "--run-dir", dir}
	with := append(get, "--auth-token-file", file)
	run(t, get...).expect(t, 3, "AUTH_FAILED", "--auth-token-file")
	run(t, with...).expect(t, 0)
	run(t, "ping", "-c", "1", "--run-dir", dir, "--auth-token-file", file).expect(t, 0)
	t.Setenv("NETIPC_AUTH_TOKEN", "11574445315536769232")
	run(t, get...).expect(t, 0)
	write("1")
	run(t, with...).expect(t, 3, "AUTH_FAILED") // the file has precedence

	const secret = "4711x"
	for _, bad := range []string{secret, "", "-1", "18446744073709551616"} {
		write(bad)
		for _, command := range [][]string{with, {"serve", "--run-dir", dir, "--auth-token-file", file}} {
			r := run(t, command...)
			r.expect(t, 1, "the auth token")
			if strings.Contains(r.err, secret) {
				t.Errorf("the token is shown: %s", r.err)
			}
		}
	}
	run(t, "get", "cgroups", "--run-dir", dir, "--auth-token-file", filepath.Join(dir, "none")).expect(t, 1, "none")

	// What is started for a command has no token, and its client sends none.
	t.Setenv(asCommand, "1")
	run(t, "ping", "--self", "-c", "1").expect(t, 0)
	run(t, "get", "cgroups", "--run-dir", filepath.Join(dir, "nobody")).expect(t, 0)
}
