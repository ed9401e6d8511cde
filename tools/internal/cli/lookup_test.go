package cli_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"log/slog"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode"

	apps "github.com/plugin-ipc/netipc/codec/applookup"
	groups "github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/applookup"
	"github.com/plugin-ipc/netipc/service/cgrouplookup"
	"github.com/plugin-ipc/netipc/service/local"
)

// strangeProcesses and strangeCgroups have in them what could go wrong on its way to people and programs.
var (
	strangeProcesses = []apps.Item{
		{PID: 1, Comm: "systemd", CgroupPath: "/init.scope", CgroupName: "init.scope", Orchestrator: apps.OrchestratorSystemd, StartTime: 7, Labels: []apps.Label{{Key: "unit", Value: "init.scope"}}},
		{PID: 2, PPID: math.MaxUint32, UID: apps.UIDNotSet, StartTime: math.MaxUint64, Comm: "\x1b[2J\xff", CgroupStatus: apps.CgroupStatusHostRoot},
		{PID: 3, Comm: "a) S 1", CgroupStatus: apps.CgroupStatusUnknownRetryLater, CgroupPath: "/new\tone"},
		{PID: 4, Comm: "日本語", CgroupStatus: apps.CgroupStatusUnknownPermanent, CgroupPath: "/../outside"},
		{PID: 5, Status: apps.StatusUnknown, UID: apps.UIDNotSet},
		{PID: 6, UID: 5, Comm: "x", Orchestrator: 17, CgroupPath: "/\xc3(", CgroupName: "\u202eturned, \"quoted\"", Labels: []apps.Label{{Key: "k\xff", Value: "\x07"}, {Key: "k", Value: ""}, {Key: "k", Value: "two"}}},
		{PID: 7, Status: apps.StatusOversizedItem, UID: apps.UIDNotSet},
	}
	strangeCgroups = []groups.Item{
		{Path: "/system.slice/ssh.service", Name: "ssh", Orchestrator: groups.OrchestratorSystemd, Labels: []groups.Label{{Key: "unit", Value: "ssh.service"}, {Key: "slice", Value: "system.slice"}}},
		{Path: "/\x1b[31mred", Name: "\xff\u009b", Orchestrator: 65535},
		{Path: "/later", Status: groups.StatusUnknownRetryLater},
		{Path: "never", Status: groups.StatusUnknownPermanent},
	}
)

// provideLookups serves the strange ones in runDir.
func provideLookups(t *testing.T, runDir string) {
	t.Helper()
	cfg := service.ServerConfig{Logger: slog.New(slog.DiscardHandler)}
	l, err := local.Listen(t.Context(), runDir, applookup.ServiceName)
	if err != nil {
		t.Fatal(err)
	}
	runServer(t, applookup.NewServer(l, cfg, func(_ context.Context, req apps.RequestView, out *apps.Builder) error {
		out.SetGeneration(math.MaxUint64)
		for _, pid := range req.All() {
			it := apps.Item{Status: apps.StatusUnknown, UID: apps.UIDNotSet}
			if i := int(pid) - 1; i >= 0 && i < len(strangeProcesses) {
				it = strangeProcesses[i]
			}
			if err := out.Add(it); err != nil {
				return err
			}
		}
		return out.Err()
	}))
	if l, err = local.Listen(t.Context(), runDir, cgrouplookup.ServiceName); err != nil {
		t.Fatal(err)
	}
	runServer(t, cgrouplookup.NewServer(l, cfg, func(_ context.Context, req groups.RequestView, out *groups.Builder) error {
		for i := range req.Len() {
			if err := out.Add(strangeCgroups[i]); err != nil {
				return err
			}
		}
		return out.Err()
	}))
}

// lookupArgs asks for all strange ones.
func lookupArgs(what, runDir string, more ...string) []string {
	args := append([]string{"lookup", what, "--run-dir", runDir}, more...)
	if what == "pid" {
		for _, it := range strangeProcesses {
			args = append(args, strconv.Itoa(int(it.PID)))
		}
		return args
	}
	for _, it := range strangeCgroups {
		args = append(args, it.Path)
	}
	return args
}

func TestLookupFormats(t *testing.T) {
	dir := tempDir(t)
	provideLookups(t, dir)
	for what, said := range map[string]string{
		"pid":    "netipc: process 5: no such process (and 1 more of 7 processes)\n",
		"cgroup": "netipc: cgroup /later: not known yet (and 1 more of 4 cgroups)\n",
	} {
		for _, format := range []string{"table", "json", "ndjson", "csv"} {
			r := run(t, lookupArgs(what, dir, "-l", "-o", format)...)
			if r.expect(t, 1); r.err != said {
				t.Errorf("%s: standard error:\n%s", format, r.err)
			}
			golden(t, "lookup-"+what+"."+format, strings.ReplaceAll(r.out, dir, "RUNDIR"))
			for _, c := range r.out {
				if format != "csv" && c != '\n' && c != '\uFFFD' && !unicode.IsPrint(c) {
					t.Errorf("%s: %U on standard output", format, c)
				}
			}
		}
	}
	r := run(t, "lookup", "pid", "1", "--run-dir", dir)
	if r.expect(t, 0); strings.Contains(r.out, "LABELS") || r.err != "" {
		t.Errorf("without --labels:\n%s%s", r.out, r.err)
	}
}

// What programs read is what the provider said, to the byte.
func TestLookupIsLossless(t *testing.T) {
	dir := tempDir(t)
	provideLookups(t, dir)
	type label struct {
		Key, Value string
		KeyHex     string `json:"key_hex"`
		ValueHex   string `json:"value_hex"`
	}
	type row struct {
		PID        uint32
		Status     string
		PPID       uint32
		UID        *uint32
		StartTime  uint64 `json:"start_time"`
		Comm       string
		CommHex    string `json:"comm_hex"`
		Path       string `json:"cgroup_path"`
		PathHex    string `json:"cgroup_path_hex"`
		Name       string `json:"cgroup_name"`
		NameHex    string `json:"cgroup_name_hex"`
		Labels     []label
		Generation uint64
	}
	check := func(i int, got row) {
		t.Helper()
		want := strangeProcesses[i]
		if got.UID == nil {
			none := apps.UIDNotSet
			got.UID = &none
		}
		if got.PID != want.PID || got.PPID != want.PPID || *got.UID != want.UID || got.StartTime != want.StartTime || textOf(t, got.Comm, got.CommHex) != want.Comm ||
			textOf(t, got.Path, got.PathHex) != want.CgroupPath || textOf(t, got.Name, got.NameHex) != want.CgroupName || len(got.Labels) != len(want.Labels) {
			t.Errorf("%+v, want %+v", got, want)
			return
		}
		for j, l := range got.Labels {
			if textOf(t, l.Key, l.KeyHex) != want.Labels[j].Key || textOf(t, l.Value, l.ValueHex) != want.Labels[j].Value {
				t.Errorf("%+v, want %+v", l, want.Labels[j])
			}
		}
	}
	var doc struct {
		Generation uint64
		Processes  []row
	}
	if err := json.Unmarshal([]byte(run(t, lookupArgs("pid", dir, "-o", "json")...).out), &doc); err != nil || len(doc.Processes) != len(strangeProcesses) || doc.Generation != math.MaxUint64 {
		t.Fatalf("%+v, %v", doc, err)
	}
	for i, r := range doc.Processes {
		check(i, r)
	}
	lines := bufio.NewScanner(strings.NewReader(run(t, lookupArgs("pid", dir, "-o", "ndjson")...).out))
	n := 0
	for ; lines.Scan(); n++ {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil || r.Generation != math.MaxUint64 {
			t.Fatal(r, err)
		}
		check(n, r)
	}
	rows, err := csv.NewReader(strings.NewReader(run(t, lookupArgs("pid", dir, "-o", "csv")...).out)).ReadAll()
	if err != nil || n != len(strangeProcesses) || len(rows) != 1+n {
		t.Fatalf("%d lines, %d rows, %v", n, len(rows), err)
	}
	for i, want := range strangeProcesses {
		if r := rows[i+1]; r[5] != want.Comm || r[8] != want.CgroupPath || r[9] != want.CgroupName {
			t.Errorf("csv: %q, want %+v", r, want)
		}
	}
}

// A provider that takes in the client and never answers, and Ctrl-C.
func TestLookupSilentProvider(t *testing.T) {
	dir := tempDir(t)
	l, err := local.Listen(t.Context(), dir, applookup.ServiceName)
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{}, 8)
	runServer(t, applookup.NewServer(l, service.ServerConfig{Logger: slog.New(slog.DiscardHandler)}, func(ctx context.Context, _ apps.RequestView, _ *apps.Builder) error {
		asked <- struct{}{}
		<-ctx.Done()
		return context.Cause(ctx)
	}))
	run(t, "lookup", "pid", "1", "--run-dir", dir, "--timeout", "10ms").expect(t, 3, "no answer in time")
	linktest.Await(t, "the request", asked)
	r := launch(t, "lookup", "pid", "1", "--run-dir", dir)
	linktest.Await(t, "the request", asked)
	if status := r.interrupt(t); status != 1 || !strings.Contains(r.err.String(), "netipc: interrupted") {
		t.Errorf("status %d, %s", status, r.err)
	}
}

// Without a provider one is started inside, and nothing stays of it.
func TestLookupEmbedded(t *testing.T) {
	needCgroups(t)
	dir, temp := tempDir(t), tempDir(t)
	t.Setenv("TMPDIR", temp)
	run(t, "lookup", "pid", strconv.Itoa(os.Getpid()), "--run-dir", dir).expect(t, 0, "no provider at "+dir+"/apps-lookup.sock: asking one started for this")
	run(t, "lookup", "pid", "4294967295", "--run-dir", dir).expect(t, 1, "process 4294967295: no such process")
	run(t, "lookup", "cgroup", "relative", "--run-dir", dir).expect(t, 1, "cgroup relative: unknown for good")
	if left := append(names(t, dir), names(t, temp)...); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// Each service is served by itself, and what was not asked for is not there.
func TestServeOne(t *testing.T) {
	needCgroups(t)
	dir := tempDir(t)
	r := launch(t, "serve", "apps-lookup", "apps-lookup", "--run-dir", dir)
	r.err.awaitText(t, 0, "msg=serving")
	run(t, "lookup", "pid", strconv.Itoa(os.Getpid()), "--no-embed", "--run-dir", dir).expect(t, 0)
	run(t, "lookup", "cgroup", "/x", "--no-embed", "--run-dir", dir).expect(t, 3)
	run(t, "get", "cgroups", "--no-embed", "--run-dir", dir).expect(t, 3)
	run(t, "serve", "--run-dir", dir).expect(t, 1, "netipc: a live provider has "+dir+"/apps-lookup.sock: stop it, or give --run-dir")
	if got := strings.Join(names(t, dir), " "); got != "apps-lookup.lock apps-lookup.sock" {
		t.Errorf("there are %s: what could not be served whole has left something", got)
	}
	if status := r.interrupt(t); status != 0 {
		t.Errorf("status %d: %s", status, r.err)
	}
	if left := names(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
