package cli_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestHelp(t *testing.T) {
	for _, command := range []string{"", "serve", "get", "get cgroups", "lookup", "lookup pid", "lookup cgroup", "status", "clean", "ping", "decode"} {
		r := run(t, append(strings.Fields(command), "--help")...)
		r.expect(t, 0)
		if r.err != "" {
			t.Errorf("%s: standard error:\n%s", command, r.err)
		}
		golden(t, "help-"+strings.ReplaceAll(command, " ", "-")+".txt", r.out)
	}
}

// Wrong usage: said on standard error together with the right one, exit status 2, nothing on standard output.
func TestWrongUsage(t *testing.T) {
	for _, c := range []struct{ args, text string }{
		{"frobnicate", `unknown command "frobnicate"`},
		{"--frob", "unknown flag: --frob"},
		{"--run-dir", "flag needs an argument"},
		{"get", "what?"},
		{"get processes", `unknown command "processes"`},
		{"get cgroups extra", `unknown command "extra"`},
		{"get cgroups -o xml", `--output "xml": one of table, json, ndjson, csv`},
		{"get cgroups --watch soon", "invalid argument"},
		{"get cgroups --watch 0s", "more than 0"},
		{"get cgroups --watch -1s", "more than 0"},
		{"get cgroups --timeout 0s", "more than 0"},
		{"lookup", "what?"},
		{"lookup user", `unknown command "user"`},
		{"lookup pid", "which?"},
		{"lookup pid x", `"x" is no pid`},
		{"lookup pid -- -1", `"-1" is no pid`},
		{"lookup pid 4294967296", "is no pid"},
		{"lookup pid 1 --all", "not both"},
		{"lookup pid 1 -o xml", `--output "xml"`},
		{"lookup pid 1 --timeout 0s", "more than 0"},
		{"lookup cgroup", "which?"},
		{"lookup cgroup /a --timeout -1s", "more than 0"},
		{"serve everything", `invalid argument "everything"`},
		{"serve --log-level loud", `--log-level "loud"`},
		{"serve --log-format xml", `--log-format "xml"`},
		{"serve --allow-uid -1", "invalid argument"},
		{"serve --allow-uid 4294967296", "no such uid"},
		{"serve --allow-uid 1 --allow-any-uid", "allow-any-uid"},
		{"status -o xml", `--output "xml"`},
		{"status ..", "bad service name"},
		{"clean now", "unknown command"},
		{"ping -c -1", "--count -1"},
		{"ping --warmup -1", "--warmup -1"},
		{"ping -i -1s", "--interval"},
		{"ping --timeout 0s", "--timeout"},
		{"ping --increment x --self", "[increment self]"},
		{"ping --increment=", "empty"},
		{"ping --increment a/b", "bad service name"},
		{"decode zz", "not hexadecimal"},
		{"decode 435", "odd number"},
		{"decode 43 -f x", "not both"},
		{"decode --format xml 43", `--format "xml"`},
		{"decode --format binary 43", "use --file"},
		{"decode --as nonsense 43", `--as "nonsense"`},
		{"decode --items -1 43", "--items -1"},
		{"man", "accepts 1 arg"},
		{"help frob", `no help about "frob"`},
		{"help get processes", `no help about "get processes"`},
	} {
		r := run(t, strings.Fields(c.args)...)
		if r.status != 2 || r.out != "" || !strings.Contains(r.err, c.text) || !strings.Contains(r.err, "Usage:\n  netipc") {
			t.Errorf("netipc %s: status %d, standard output %q, standard error (want %q and the usage):\n%s", c.args, r.status, r.out, c.text, r.err)
		}
	}
}

// help COMMAND is COMMAND --help.
func TestHelpCommand(t *testing.T) {
	for _, command := range []string{"", "serve", "get", "get cgroups"} {
		r := run(t, append([]string{"help"}, strings.Fields(command)...)...)
		r.expect(t, 0)
		if want := run(t, append(strings.Fields(command), "--help")...); r.out != want.out {
			t.Errorf("help %s:\n%s", command, r.out)
		}
	}
}

func TestVersion(t *testing.T) {
	r := run(t, "--version")
	r.expect(t, 0)
	if !strings.HasPrefix(r.out, "netipc ") || !strings.Contains(r.out, runtime.Version()) {
		t.Errorf("%q", r.out)
	}
}

func TestMan(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man")
	run(t, "man", dir).expect(t, 0)
	for _, page := range []string{"netipc.1", "netipc-get-cgroups.1", "netipc-serve.1", "netipc-decode.1"} {
		if b, err := os.ReadFile(filepath.Join(dir, page)); err != nil || !strings.Contains(string(b), ".SH SYNOPSIS") {
			t.Errorf("%s: %v, %.80q", page, err, b)
		}
	}
	for _, page := range names(t, dir) {
		if strings.Contains(page, "ping-provider") || strings.Contains(page, "netipc-man") {
			t.Errorf("a page for a hidden command: %s", page)
		}
	}
	file := filepath.Join(dir, "netipc.1")
	run(t, "man", file).expect(t, 1, file)
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if r := run(t, "completion", shell); r.status != 0 || !strings.Contains(r.out, "netipc") {
			t.Errorf("%s: status %d, %.80q, %s", shell, r.status, r.out, r.err)
		}
	}
	for words, want := range map[string]string{
		"serve ":                "cgroups-snapshot",
		"get ":                  "cgroups",
		"serve apps":            "apps-lookup",
		"lookup ":               "pid",
		"lookup pid -o ":        "ndjson",
		"help ":                 "decode",
		"help get ":             "cgroups",
		"get cgroups -o ":       "ndjson",
		"serve --log-level ":    "debug",
		"decode --as ":          "hello-ack",
		"status ":               "cgroups-snapshot",
		"decode --format ":      "jsonl",
		"get cgroups --output ": "csv",
	} {
		args := append([]string{"__complete"}, strings.Split(words, " ")...)
		if r := run(t, args...); !strings.Contains(r.out, want+"\n") && !strings.Contains(r.out, want+"\t") {
			t.Errorf("%s: %q is not among\n%s", words, want, r.out)
		}
	}
}
